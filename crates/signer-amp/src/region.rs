//! Which region to sign for: given, named by the workspace's URL, or set up in the environment.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;
use http::Uri;

/// First label of a workspace's host, also behind a VPC endpoint. Source: Amazon Managed Service for Prometheus
/// User Guide, "Service endpoints".
const HOST_LABELS: [&str; 2] = ["aps-workspaces", "aps-workspaces-fips"];
/// What follows the region in a workspace's host.
const DOMAINS: [&str; 6] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "vpce.amazonaws.com",
    "vpce.amazonaws.com.cn",
    "api.aws",
    "api.amazonwebservices.com.cn",
];

/// The region that a workspace's URL names, if it is one.
pub(crate) fn of_url(url: &str) -> Option<String> {
    let host = url.parse::<Uri>().ok()?.host()?.trim_end_matches('.').to_ascii_lowercase();
    let mut labels = host.split('.');
    labels.find(|label| HOST_LABELS.contains(label))?;
    let region = labels.next().filter(|region| is_valid(region))?;
    let domain = labels.collect::<Vec<_>>().join(".");
    DOMAINS.contains(&domain.as_str()).then(|| region.to_owned())
}

/// Whether this can be a region. New ones come every year, so no list.
pub(crate) fn is_valid(region: &str) -> bool {
    is_name(region)
}

/// Whether this can stand in a credential scope.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// `AWS_REGION`, `AWS_DEFAULT_REGION`, then the profile. The instance metadata service is not asked: where this
/// process runs says little about where the workspace is, and off EC2 the question takes seconds.
pub(crate) async fn of_environment(profile: Option<&str>) -> Option<String> {
    // Not by the SDK's provider, for which an empty AWS_REGION hides AWS_DEFAULT_REGION.
    let variable =
        |name| std::env::var(name).ok().map(|region| region.trim().to_owned()).filter(|r| !r.is_empty());
    if let Some(region) = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")) {
        return Some(region);
    }
    let mut file = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        file = file.profile_name(profile);
    }
    file.build().region().await.map(|region| region.to_string()).filter(|region| !region.is_empty())
}

/// A choice between what three places say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What to sign for.
    pub(crate) region: String,
    /// The source that said so, and a region that another source named instead, for the log.
    pub(crate) overruled: Option<Overruled>,
}

/// A region that was set somewhere and is not signed for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overruled {
    pub(crate) region: String,
    pub(crate) by: &'static str,
}

/// What is given counts first, then the URL, then the environment: a workspace answers signatures for its own
/// region alone, while `AWS_REGION` is often set by the platform to where the process runs.
pub(crate) fn choose(
    given: Option<&str>,
    of_url: Option<&str>,
    of_environment: Option<&str>,
) -> Option<Choice> {
    let differing = |other: Option<&str>, region: &str, by| {
        other.filter(|o| *o != region).map(|o| Overruled { region: o.to_owned(), by })
    };
    match (given, of_url) {
        (Some(region), _) => {
            Some(Choice { region: region.into(), overruled: differing(of_url, region, "the setting") })
        }
        (None, Some(region)) => {
            Some(Choice { region: region.into(), overruled: differing(of_environment, region, "the url") })
        }
        (None, None) => of_environment.map(|region| Choice { region: region.into(), overruled: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_url_names_its_region() {
        for (url, region) in [
            (
                "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
                "eu-west-1",
            ),
            ("https://aps-workspaces.cn-north-1.amazonaws.com.cn/workspaces/ws-1", "cn-north-1"),
            ("https://APS-Workspaces.US-East-2.amazonaws.com:443/", "us-east-2"),
            ("https://aps-workspaces-fips.us-gov-west-1.amazonaws.com/", "us-gov-west-1"),
            ("https://vpce-0a-b.aps-workspaces.ap-south-1.vpce.amazonaws.com/", "ap-south-1"),
            ("https://aps-workspaces.eu-west-1.api.aws/", "eu-west-1"),
        ] {
            assert_eq!(of_url(url).as_deref(), Some(region), "{url}");
        }
    }

    #[test]
    fn other_urls_name_none() {
        for url in [
            "https://prometheus.example.com/api/v1/write",
            "https://aps-workspaces.eu-west-1.amazonaws.com.example.com/",
            "https://aps-workspaces.amazonaws.com/",
            "https://example.com/aps-workspaces.eu-west-1.amazonaws.com",
            "https://s3.eu-west-1.amazonaws.com/",
            "not a url",
            "",
        ] {
            assert_eq!(of_url(url), None, "{url}");
        }
    }

    #[test]
    fn the_setting_counts_before_the_url_and_the_url_before_the_environment() {
        let region = |given, url, env| choose(given, url, env).map(|choice| choice.region);
        assert_eq!(region(Some("a"), Some("b"), Some("c")).as_deref(), Some("a"));
        assert_eq!(region(None, Some("b"), Some("c")).as_deref(), Some("b"));
        assert_eq!(region(None, None, Some("c")).as_deref(), Some("c"));
        assert_eq!(region(None, None, None), None);
    }

    #[test]
    fn a_region_that_is_passed_over_is_told_when_it_differs() {
        let told = |given, url, env| {
            choose(given, url, env).and_then(|choice| choice.overruled).map(|o| (o.region, o.by))
        };
        assert_eq!(told(Some("a"), Some("b"), Some("c")), Some(("b".into(), "the setting")));
        assert_eq!(told(None, Some("b"), Some("c")), Some(("c".into(), "the url")));
        assert_eq!(told(Some("a"), Some("a"), Some("c")), None);
        assert_eq!(told(None, Some("b"), None), None);
    }
}
