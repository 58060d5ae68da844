//! `metric.request-signer` in a job file: the same signer as that of the flag.

use crate::support::process::{Ended, narthex, run};
use crate::support::scene::Scene;

/// Runs a job of one sample whose table has these options too.
async fn written(scene: &Scene, options: &str) -> Ended {
    let url = scene.server.write_url();
    let job = format!(
        "CREATE TABLE samples (`value` DOUBLE, ts BIGINT) WITH ('connector' = 'prometheus',
           'metric.endpoint-url' = '{url}', 'metric.name.literal' = 'one', 'metric.sample.key' = 'value',
           'metric.sample.timestamp' = 'ts', {options});
         INSERT INTO samples VALUES (CAST(1 AS DOUBLE), CAST(1000 AS BIGINT));"
    );
    let mut command = narthex(["run", &scene.file("job.sql", job)]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-to-be-shown");
    command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION").env("AWS_CONFIG_FILE", "/dev/null");
    run(command, "").await
}

#[cfg(feature = "signer-amp")]
#[tokio::test]
async fn requests_are_signed_for_the_region_that_the_table_names() {
    let scene = Scene::new().await;
    let signer = "'metric.request-signer' = 'amazon-managed-prometheus', 'aws.region' = 'eu-central-1'";
    let ended = written(&scene, signer).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let log = scene.server.log();
    let signed = log[0].headers.get("authorization").expect("a signature").to_str().expect("text");
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{signed}");
    assert!(signed.contains("/eu-central-1/aps/aws4_request"), "{signed}");
    assert!(!ended.stderr.contains("not-to-be-shown"));
}

#[cfg(feature = "signer-amp")]
#[tokio::test]
async fn a_signer_that_does_not_exist_and_options_that_it_does_not_have_are_told_with_the_nearest() {
    let scene = Scene::new().await;
    let ended = written(&scene, "'metric.request-signer' = 'amazon-managed'").await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("is not one of amazon-managed-prometheus"), "{}", ended.stderr);
    let signer = "'metric.request-signer' = 'amazon-managed-prometheus', 'aws.regoin' = 'eu-central-1'";
    let ended = written(&scene, signer).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("the nearest is aws.region"), "{}", ended.stderr);
}

#[tokio::test]
async fn without_a_region_the_job_does_not_start_and_says_where_to_give_it() {
    let scene = Scene::new().await;
    let ended = written(&scene, "'metric.request-signer' = 'amazon-managed-prometheus'").await;
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("region") || ended.stderr.contains("without any"), "{}", ended.stderr);
    assert_eq!(scene.held_samples(), 0);
}
