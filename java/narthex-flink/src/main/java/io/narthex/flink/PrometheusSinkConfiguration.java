// The parts of the sink's configuration that are types of their own.
package io.narthex.flink;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Groups the configuration's types, under the names that users of the Apache connector know. */
public final class PrometheusSinkConfiguration {
    private PrometheusSinkConfiguration() {}

    /** What happens on an error that retrying cannot mend, or does not any more. */
    public enum OnErrorBehavior {
        /** The samples are dropped, counted, logged and filed as dead letters; the job goes on. */
        DISCARD_AND_CONTINUE,
        /** The job fails; the samples stay with the source, which sends them again. */
        FAIL
    }

    /** What is checked before sending. */
    public enum Checks {
        /** Only what no receiver takes: no label, repeated names, strings above 64 KiB. */
        OFF,
        /** Label sets too. */
        LABELS,
        /** Order, repetition and future per series too: the default. */
        FULL;

        String optionValue() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Which metric and label names are good. */
    public enum NameValidation {
        /** Those of Remote-Write 1.0: the default. */
        LEGACY,
        /** Any valid UTF-8, as in Prometheus 3. */
        UTF8;

        String optionValue() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What happens to a request that the receiver refuses for its data. */
    public enum OnReject {
        /** It is halved until the bad samples stand alone; only they are rejected: the default. */
        ISOLATE,
        /** It is rejected whole. */
        DISCARD;

        String optionValue() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How the sink reacts to errors of each kind. */
    public static final class SinkWriterErrorHandlingBehaviorConfiguration implements Serializable {
        private static final long serialVersionUID = 1L;

        public static final OnErrorBehavior ON_MAX_RETRY_EXCEEDED_DEFAULT_BEHAVIOR = OnErrorBehavior.FAIL;
        public static final OnErrorBehavior ON_PROMETHEUS_NON_RETRYABLE_ERROR_DEFAULT_BEHAVIOR =
                OnErrorBehavior.DISCARD_AND_CONTINUE;

        /** FAIL when retries end, DISCARD_AND_CONTINUE on refused data. */
        public static final SinkWriterErrorHandlingBehaviorConfiguration DEFAULT_BEHAVIORS = builder().build();

        private final OnErrorBehavior onMaxRetryExceeded;
        private final OnErrorBehavior onPrometheusNonRetryableError;

        /** As {@link #builder()}, which says what is allowed. */
        public SinkWriterErrorHandlingBehaviorConfiguration(
                OnErrorBehavior onMaxRetryExceeded, OnErrorBehavior onPrometheusNonRetryableError) {
            if (onMaxRetryExceeded == null || onPrometheusNonRetryableError == null) {
                throw new IllegalArgumentException("an error behavior is null; write FAIL or DISCARD_AND_CONTINUE");
            }
            if (onPrometheusNonRetryableError == OnErrorBehavior.FAIL) {
                throw new IllegalArgumentException(
                        "onPrometheusNonRetryableError cannot be FAIL: the restarted job would replay the refused "
                                + "samples and be refused again, for ever; keep DISCARD_AND_CONTINUE, which drops only "
                                + "the samples that are bad, and watch numSamplesNonRetryableDropped or the dead "
                                + "letters. (A wrong address or wrong credentials fail the job in any case.)");
            }
            this.onMaxRetryExceeded = onMaxRetryExceeded;
            this.onPrometheusNonRetryableError = onPrometheusNonRetryableError;
        }

        public static Builder builder() {
            return new Builder();
        }

        public OnErrorBehavior getOnMaxRetryExceeded() {
            return onMaxRetryExceeded;
        }

        public OnErrorBehavior getOnPrometheusNonRetryableError() {
            return onPrometheusNonRetryableError;
        }

        /** Builds it. */
        public static final class Builder {
            private OnErrorBehavior onMaxRetryExceeded = ON_MAX_RETRY_EXCEEDED_DEFAULT_BEHAVIOR;
            private OnErrorBehavior onPrometheusNonRetryableError =
                    ON_PROMETHEUS_NON_RETRYABLE_ERROR_DEFAULT_BEHAVIOR;

            private Builder() {}

            /** When retries end: FAIL (the default) or DISCARD_AND_CONTINUE. */
            public Builder onMaxRetryExceeded(OnErrorBehavior behavior) {
                this.onMaxRetryExceeded = behavior;
                return this;
            }

            /** When the receiver refuses data: only DISCARD_AND_CONTINUE, or a restart would loop. */
            public Builder onPrometheusNonRetryableError(OnErrorBehavior behavior) {
                this.onPrometheusNonRetryableError = behavior;
                return this;
            }

            public SinkWriterErrorHandlingBehaviorConfiguration build() {
                return new SinkWriterErrorHandlingBehaviorConfiguration(
                        onMaxRetryExceeded, onPrometheusNonRetryableError);
            }
        }
    }

    /** How often, and with which waits, a request is tried again. */
    public static final class RetryConfiguration implements Serializable {
        private static final long serialVersionUID = 1L;

        /** 30 ms, doubled up to 5 s, 100 times. */
        public static final RetryConfiguration DEFAULT_RETRY_CONFIGURATION = builder().build();

        private final long initialRetryDelayMS;
        private final long maxRetryDelayMS;
        private final int maxRetryCount;

        /** As {@link #builder()}, which says what is allowed. */
        public RetryConfiguration(long initialRetryDelayMS, long maxRetryDelayMS, int maxRetryCount) {
            List<String> mistakes = new ArrayList<>();
            if (initialRetryDelayMS < 1) {
                mistakes.add("initialRetryDelayMS is " + initialRetryDelayMS + "; allowed is 1 and more");
            }
            if (maxRetryDelayMS < Math.max(1, initialRetryDelayMS)) {
                mistakes.add("maxRetryDelayMS is " + maxRetryDelayMS + "; allowed is initialRetryDelayMS and more");
            }
            if (maxRetryCount < 1) {
                mistakes.add("maxRetryCount is " + maxRetryCount + "; allowed is 1 and more");
            }
            if (!mistakes.isEmpty()) {
                throw new IllegalArgumentException(
                        "cannot configure retries: " + String.join("; and ", mistakes));
            }
            this.initialRetryDelayMS = initialRetryDelayMS;
            this.maxRetryDelayMS = maxRetryDelayMS;
            this.maxRetryCount = maxRetryCount;
        }

        public static Builder builder() {
            return new Builder();
        }

        public long getInitialRetryDelayMS() {
            return initialRetryDelayMS;
        }

        public long getMaxRetryDelayMS() {
            return maxRetryDelayMS;
        }

        public int getMaxRetryCount() {
            return maxRetryCount;
        }

        /** Builds it. */
        public static final class Builder {
            private long initialRetryDelayMS = 30;
            private long maxRetryDelayMS = 5000;
            private int maxRetryCount = 100;

            private Builder() {}

            /** The first wait in milliseconds, doubled each time; 1 and more, default 30. */
            public Builder setInitialRetryDelayMS(long milliseconds) {
                this.initialRetryDelayMS = milliseconds;
                return this;
            }

            /** The longest wait in milliseconds; at least the first one, default 5,000. */
            public Builder setMaxRetryDelayMS(long milliseconds) {
                this.maxRetryDelayMS = milliseconds;
                return this;
            }

            /** The most retries of a request; 1 and more, default 100. */
            public Builder setMaxRetryCount(int count) {
                this.maxRetryCount = count;
                return this;
            }

            public RetryConfiguration build() {
                return new RetryConfiguration(initialRetryDelayMS, maxRetryDelayMS, maxRetryCount);
            }
        }
    }
}
