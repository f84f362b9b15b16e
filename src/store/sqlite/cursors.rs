//! The table `event_cursor`.

use async_trait::async_trait;
use rusqlite::OptionalExtension;

use super::Sqlite;
use crate::store::{Cursors, StoreError};

#[async_trait]
impl Cursors for Sqlite {
    async fn cursor(&self, issuer: &str, stream: &str) -> Result<Option<i64>, StoreError> {
        let key = (issuer.to_owned(), stream.to_owned());
        let read = self.manage("cursor", move |connection| {
            let mut statement = connection.prepare_cached(CURSOR)?;
            Ok(statement.query_row(key, |row| row.get(0)).optional()?)
        });
        read.await
    }

    async fn advance(&self, issuer: &str, stream: &str, to: i64) -> Result<(), StoreError> {
        let row = (issuer.to_owned(), stream.to_owned(), to);
        self.write("advance", move |connection| Ok(connection.prepare_cached(ADVANCE)?.execute(row).map(drop)?)).await
    }
}

const CURSOR: &str = "select read_to from event_cursor where issuer = ?1 and stream = ?2";

const ADVANCE: &str = "
    insert into event_cursor (issuer, stream, read_to) values (?1, ?2, ?3)
    on conflict (issuer, stream) do update set read_to = max(read_to, excluded.read_to)";
