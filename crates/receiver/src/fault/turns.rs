//! The state of the scripts: whose turn it is, what is used up, and what time it is for them.

use std::time::Duration;

use tokio::time::Instant;

use super::{Action, Fault, Script};

/// The state of all scripts of a receiver.
#[derive(Debug)]
pub(crate) struct Scripts {
    runs: Vec<Run>,
    /// When the first write request came.
    started: Option<Instant>,
}

/// One script on its way.
#[derive(Debug, Default)]
struct Run {
    overlays: Vec<Rule>,
    conditional: Vec<Rule>,
    /// In reverse, so that the next one is the last.
    sequence: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    fault: Fault,
    left: Option<u64>,
}

/// What the scripts say of one request.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) action: Option<Action>,
    pub(crate) delay: Duration,
    pub(crate) read_rate: Option<u64>,
    elapsed: Duration,
}

impl Turn {
    pub(crate) fn ends_unread(&self) -> bool {
        matches!(self.action, Some(Action::ResetEarly | Action::Down))
    }

    fn lay_over(&mut self, fault: &Fault) {
        self.delay = self.delay.saturating_add(fault.delay);
        // Of two rates the slower one binds.
        self.read_rate = self.read_rate.into_iter().chain(fault.read_rate.map(u64::from)).min();
    }

    fn decide(&mut self, fault: Fault) {
        self.lay_over(&fault);
        self.action = Some(fault.action);
    }
}

impl Scripts {
    pub(crate) fn new(scripts: &[Script]) -> Self {
        Self { runs: scripts.iter().map(Run::new).collect(), started: None }
    }

    /// Whether any script was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Takes a request's turn when its head has arrived.
    pub(crate) fn arrive(&mut self, now: Instant) -> Turn {
        let elapsed = now.saturating_duration_since(*self.started.get_or_insert(now));
        let mut turn = Turn { elapsed, ..Turn::default() };
        for run in &mut self.runs {
            run.lay_over(&mut turn, |fault| !fault.when.needs_body() && fault.when.holds_at(elapsed));
        }
        for run in &mut self.runs {
            if let Some(fault) = run.take_turn(elapsed) {
                turn.decide(fault);
            }
            if !matches!(turn.action, None | Some(Action::Ok)) {
                break;
            }
        }
        turn
    }

    /// Looks at the conditions that need the body; the first that holds wins over the turn.
    pub(crate) fn read(&mut self, turn: &mut Turn, body_bytes: u64, has_label: &dyn Fn(&str, &str) -> bool) {
        let elapsed = turn.elapsed;
        let holds = |fault: &Fault| {
            let when = &fault.when;
            when.needs_body()
                && when.holds_at(elapsed)
                && when.above_bytes.is_none_or(|limit| body_bytes > limit)
                && when.label.as_ref().is_none_or(|(name, value)| has_label(name, value))
        };
        for run in &mut self.runs {
            run.lay_over(turn, holds);
        }
        if let Some(fault) = self.runs.iter_mut().find_map(|run| take_first(&mut run.conditional, holds)) {
            turn.decide(fault);
        }
    }

    /// When the first write request came, and the windows without a receiver, as offsets from it.
    pub(crate) fn outages(&self) -> (Option<Instant>, Vec<(Duration, Duration)>) {
        let faults = self.runs.iter().flat_map(|run| &run.conditional).map(|rule| &rule.fault);
        let windows = faults
            .filter(|fault| fault.action == Action::Down)
            .map(|fault| (fault.when.after.unwrap_or_default(), fault.when.lasts.unwrap_or(Duration::MAX)));
        (self.started, windows.collect())
    }

    /// Whether any fault reads slowly.
    pub(crate) fn reads_slowly(&self) -> bool {
        let rules =
            self.runs.iter().flat_map(|run| run.overlays.iter().chain(&run.conditional).chain(&run.sequence));
        rules.into_iter().any(|rule| rule.fault.read_rate.is_some())
    }
}

impl Run {
    fn new(script: &Script) -> Self {
        let mut run = Run::default();
        for fault in &script.0 {
            let rule = Rule { left: fault.times, fault: fault.clone() };
            match fault {
                Fault { action: Action::Overlay, .. } => run.overlays.push(rule),
                Fault { when, .. } if !when.is_empty() => run.conditional.push(rule),
                _ => run.sequence.push(rule),
            }
        }
        run.sequence.reverse();
        run
    }

    fn lay_over(&mut self, turn: &mut Turn, holds: impl Fn(&Fault) -> bool) {
        for rule in self.overlays.iter_mut().filter(|rule| holds(&rule.fault)) {
            if rule.use_once() {
                turn.lay_over(&rule.fault);
            }
        }
    }

    fn take_turn(&mut self, elapsed: Duration) -> Option<Fault> {
        let in_time = |fault: &Fault| !fault.when.needs_body() && fault.when.holds_at(elapsed);
        take_first(&mut self.conditional, in_time).or_else(|| self.take_next())
    }

    fn take_next(&mut self) -> Option<Fault> {
        while let Some(rule) = self.sequence.last_mut() {
            if rule.use_once() {
                return Some(rule.fault.clone());
            }
            self.sequence.pop();
        }
        None
    }
}

impl Rule {
    /// Uses the rule for one request; false when it is used up.
    fn use_once(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

fn take_first(rules: &mut [Rule], holds: impl Fn(&Fault) -> bool) -> Option<Fault> {
    let mut holding = rules.iter_mut().filter(|rule| holds(&rule.fault));
    holding.find_map(|rule| rule.use_once().then(|| rule.fault.clone()))
}
