//! The table `doorward.event_cursor`.

use async_trait::async_trait;

use super::Postgres;
use super::columns::Columns;
use crate::store::{Cursors, StoreError};

#[async_trait]
impl Cursors for Postgres {
    async fn cursor(&self, issuer: &str, stream: &str) -> Result<Option<i64>, StoreError> {
        let (issuer, stream) = (issuer.to_owned(), stream.to_owned());
        let read = self.manage("cursor", move |client| {
            let (issuer, stream) = (issuer.clone(), stream.clone());
            Box::pin(async move {
                let statement = client.prepare_cached(CURSOR).await?;
                let row = client.query_opt(&statement, &[&issuer, &stream]).await?;
                row.map(|row| row.column(0)).transpose()
            })
        });
        read.await
    }

    async fn advance(&self, issuer: &str, stream: &str, to: i64) -> Result<(), StoreError> {
        let (issuer, stream) = (issuer.to_owned(), stream.to_owned());
        let write = self.write("advance", move |client| {
            Box::pin(async move {
                let statement = client.prepare_cached(ADVANCE).await?;
                client.execute(&statement, &[&issuer, &stream, &to]).await?;
                Ok(())
            })
        });
        write.await
    }
}

const CURSOR: &str = "select read_to from doorward.event_cursor where issuer = $1 and stream = $2";

const ADVANCE: &str = "
    insert into doorward.event_cursor as c (issuer, stream, read_to) values ($1, $2, $3)
    on conflict (issuer, stream) do update set read_to = greatest(c.read_to, excluded.read_to)";
