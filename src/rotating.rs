//! A secret that may be another one by now: where it is refused, it is read again from where it came from.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// The secret that was read last. Clones share it.
#[derive(Clone)]
pub struct Rotating(Arc<Source>);

struct Source {
    current: ArcSwap<String>,
    reread: Option<Box<dyn Fn() -> Option<String> + Send + Sync>>,
}

impl Rotating {
    /// A secret that stays what it is.
    #[must_use]
    pub fn fixed(secret: &str) -> Self {
        Self(Arc::new(Source { current: ArcSwap::from_pointee(secret.to_owned()), reread: None }))
    }

    /// A secret, and how it is read again; nothing where that cannot be done.
    #[must_use]
    pub fn reread_by(secret: &str, reread: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        let reread: Box<dyn Fn() -> Option<String> + Send + Sync> = Box::new(reread);
        Self(Arc::new(Source { current: ArcSwap::from_pointee(secret.to_owned()), reread: Some(reread) }))
    }

    /// The secret that was read last.
    #[must_use]
    pub fn current(&self) -> Arc<String> {
        self.0.current.load_full()
    }

    /// Another secret than the one that was refused, if there is one.
    pub async fn other_than(&self, refused: &str) -> Option<Arc<String>> {
        let current = self.current();
        if *current != refused {
            return Some(current);
        }
        let source = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || source.reread.as_ref().and_then(|reread| reread()));
        let secret = Arc::new(read.await.ok()??);
        if *secret == refused {
            return None;
        }
        self.0.current.store(Arc::clone(&secret));
        Some(secret)
    }
}

impl fmt::Debug for Rotating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_another_secret_is_worth_another_try() {
        let file = Arc::new(parking_lot::Mutex::new(Some("first".to_owned())));
        let read = Arc::clone(&file);
        let secret = Rotating::reread_by("first", move || read.lock().clone());
        assert_eq!(secret.other_than("first").await, None);
        *file.lock() = None;
        assert_eq!(secret.other_than("first").await, None);
        *file.lock() = Some("second".to_owned());
        assert_eq!(secret.other_than("first").await.unwrap().as_str(), "second");
        assert_eq!(secret.clone().other_than("first").await.unwrap().as_str(), "second", "somebody was quicker");
        assert_eq!((secret.current().as_str(), format!("{secret:?}").as_str()), ("second", "***"));
        assert_eq!(Rotating::fixed("only").other_than("only").await, None);
    }
}
