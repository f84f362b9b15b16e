//! An answer's body on its way out, whole or cut in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of a response.
#[derive(Debug)]
pub(crate) enum Payload {
    Whole(Option<Bytes>),
    /// Promises `length_bytes` and ends after `first`.
    Cut {
        first: Option<Bytes>,
        length_bytes: u64,
        flushed: bool,
    },
}

/// The end of a body that was cut.
#[derive(Debug, thiserror::Error)]
#[error("cut the body on purpose")]
pub(crate) struct CutShort;

impl Payload {
    /// All of it.
    pub(crate) fn whole(body: Bytes) -> Self {
        Self::Whole(Some(body))
    }

    /// Half of it.
    pub(crate) fn cut(body: &Bytes) -> Self {
        let half = body.slice(..body.len() / 2);
        Self::Cut { first: Some(half), length_bytes: length(body), flushed: false }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(Frame::data).map(Ok)),
            Self::Cut { first, flushed, .. } => match (first.take(), *flushed) {
                (Some(half), _) => Poll::Ready(Some(Ok(Frame::data(half)))),
                // One turn of waiting lets the half reach the socket before the connection breaks.
                (None, false) => {
                    *flushed = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                (None, true) => Poll::Ready(Some(Err(CutShort))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, length)),
            Self::Cut { length_bytes, .. } => SizeHint::with_exact(*length_bytes),
        }
    }
}

fn length(body: &Bytes) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
