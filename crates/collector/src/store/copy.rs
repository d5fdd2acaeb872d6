//! Rows in Postgres' binary COPY format (documentation of `COPY`, section "Binary Format").

use domain::UnixMicros;
use sqlx::PgConnection;

use super::StoreError;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01T00:00:00Z, the epoch of Postgres timestamps, in microseconds since 1970.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// What one message carries: the server takes in a message whole before it reads the first row.
const MESSAGE_BYTES: usize = 64 * 1024;

/// A COPY in the making.
#[derive(Debug)]
pub(crate) struct BinaryCopy {
    bytes: Vec<u8>,
    columns: i16,
}

impl BinaryCopy {
    pub(crate) fn new(columns: i16, rows: usize) -> Self {
        let row = 2 + usize::try_from(columns).unwrap_or(0) * (4 + 8);
        let mut bytes = Vec::with_capacity(SIGNATURE.len() + 8 + rows * row + 2);
        bytes.extend_from_slice(SIGNATURE);
        bytes.extend_from_slice(&[0; 8]); // No flags, no header extension.
        Self { bytes, columns }
    }

    pub(crate) fn row(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
        self
    }

    pub(crate) fn i32(&mut self, value: i32) -> &mut Self {
        self.field(Some(&value.to_be_bytes()))
    }

    pub(crate) fn i64(&mut self, value: Option<i64>) -> &mut Self {
        self.field(
            value
                .map(i64::to_be_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        )
    }

    pub(crate) fn timestamp(&mut self, value: UnixMicros) -> &mut Self {
        self.i64(Some(value.get() - POSTGRES_EPOCH_US))
    }

    /// The whole stream, trailer included.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.bytes
    }

    fn field(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => {
                let length = i32::try_from(bytes.len()).expect("fields are bounded by line limits");
                self.bytes.extend_from_slice(&length.to_be_bytes());
                self.bytes.extend_from_slice(bytes);
            }
            None => self.bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        self
    }
}

/// Sends a finished stream; `statement` is a `COPY .. FROM STDIN (FORMAT binary)`.
pub(crate) async fn send(
    conn: &mut PgConnection,
    statement: &'static str,
    bytes: &[u8],
) -> Result<u64, StoreError> {
    let failed = || StoreError::query("copy rows");
    let mut copy = conn.copy_in_raw(statement).await.map_err(failed())?;
    for message in bytes.chunks(MESSAGE_BYTES) {
        if let Err(error) = copy.send(message).await {
            let aborted = copy.abort("the client failed to send").await;
            aborted.map_err(failed())?;
            return Err(failed()(error));
        }
    }
    copy.finish().await.map_err(failed())
}
