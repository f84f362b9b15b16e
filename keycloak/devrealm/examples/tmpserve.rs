//! tmp
#![allow(missing_docs, clippy::unwrap_used)]
#[tokio::main]
async fn main() {
    let t = std::time::Instant::now();
    for _ in 0..10 {
        let _r = devrealm::Realm::start(devrealm::Options::default()).await.unwrap();
    }
    eprintln!("10 starts {:?}", t.elapsed());
    let _r =
        devrealm::Realm::start(devrealm::Options { listen: "127.0.0.1:28180".parse().unwrap(), ..Default::default() })
            .await
            .unwrap();
    eprintln!("ready");
    tokio::time::sleep(std::time::Duration::from_secs(1500)).await;
}
