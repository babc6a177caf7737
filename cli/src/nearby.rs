//! A line between a wallet and a reader on one machine, in place of Bluetooth (`docs/proximity.md`).
//!
//! It carries what a Bluetooth connection carries: values of the characteristics for the state and for the data, the latter being the frames that
//! a message is cut into. A stream has no values, so each is preceded by the characteristic (one byte) and its length (two bytes).

use std::time::Duration;

use anyhow::{Context as _, bail};
use symbolon_protocol::proximity::ble::{FrameAssembler, FrameSize, MAX_FRAME_BYTES, StateSignal, split};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// How long the other side may say nothing (ISO/IEC 18013-5, section 8.3.3.1.1.5).
pub const SILENCE: Duration = Duration::from_secs(300);
/// What phones agree on when neither asks for more.
const MTU: u16 = 185;
const STATE: u8 = 0;
const DATA: u8 = 1;

/// One side's end of the line.
pub struct Line<S> {
    stream: S,
    limit: usize,
}

/// What came over the line.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Vec<u8>),
    /// The other side has ended, or is gone.
    Ended,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// The end at which messages of up to `limit` bytes arrive.
    pub const fn new(stream: S, limit: usize) -> Self {
        Self { stream, limit }
    }

    /// Says that this side is ready, or has ended.
    ///
    /// # Errors
    /// A line that is broken.
    pub async fn signal(&mut self, signal: StateSignal) -> anyhow::Result<()> {
        self.write(STATE, &[signal.to_byte()]).await
    }

    /// Waits until the other side is ready.
    ///
    /// # Errors
    /// One that says something else, or nothing.
    pub async fn wait_for_start(&mut self) -> anyhow::Result<()> {
        match self.read().await? {
            Some((STATE, value)) if StateSignal::parse(&value) == Ok(StateSignal::Start) => Ok(()),
            _ => bail!("the other side does not begin as a reader does"),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// A line that is broken.
    pub async fn send(&mut self, message: &[u8]) -> anyhow::Result<()> {
        for frame in split(message, FrameSize::of_mtu(MTU))? {
            self.write(DATA, &frame).await?;
        }
        Ok(())
    }

    /// Sends the last message and ends. Whether it arrives changes nothing.
    pub async fn end(&mut self, farewell: &[u8]) {
        if self.send(farewell).await.is_ok() {
            let _ = self.signal(StateSignal::End).await;
        }
    }

    /// Waits for a message.
    ///
    /// # Errors
    /// Frames that make none, and a silence that is too long.
    pub async fn receive(&mut self) -> anyhow::Result<Received> {
        let mut assembler = FrameAssembler::new(self.limit);
        loop {
            match self.read().await? {
                None => return Ok(Received::Ended),
                Some((STATE, value)) => match StateSignal::parse(&value)? {
                    StateSignal::End => return Ok(Received::Ended),
                    StateSignal::Start => {}
                },
                Some((DATA, frame)) => {
                    if let Some(message) = assembler.push(&frame)? {
                        return Ok(Received::Message(message));
                    }
                }
                Some(_) => bail!("the other side uses a characteristic that there is not"),
            }
        }
    }

    async fn write(&mut self, characteristic: u8, value: &[u8]) -> anyhow::Result<()> {
        let length = u16::try_from(value.len()).context("a value is too long")?;
        let mut bytes = vec![characteristic];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(value);
        self.stream.write_all(&bytes).await.context("the line is broken")
    }

    /// The next value; `None` when the other side is gone.
    async fn read(&mut self) -> anyhow::Result<Option<(u8, Vec<u8>)>> {
        match timeout(SILENCE, self.read_value()).await {
            Ok(value) => value,
            Err(_) => bail!("the other side says nothing any more"),
        }
    }

    async fn read_value(&mut self) -> anyhow::Result<Option<(u8, Vec<u8>)>> {
        let mut head = [0; 3];
        if self.stream.read_exact(&mut head).await.is_err() {
            return Ok(None);
        }
        let [characteristic, high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_FRAME_BYTES {
            bail!("a value is longer than a characteristic can be");
        }
        let mut value = vec![0; length];
        if self.stream.read_exact(&mut value).await.is_err() {
            return Ok(None);
        }
        Ok(Some((characteristic, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_go_over_the_line_in_frames_until_one_side_ends() {
        let (one, other) = tokio::io::duplex(64);
        let (mut wallet, mut reader) = (Line::new(one, 1000), Line::new(other, 1000));
        let message: Vec<u8> = (0..999_u16).map(|number| number.to_be_bytes()[1]).collect();
        let sent = message.clone();
        let speaking = tokio::spawn(async move {
            reader.signal(StateSignal::Start).await.unwrap();
            reader.send(&sent).await.unwrap();
            let answer = reader.receive().await.unwrap();
            reader.end(&[9]).await;
            answer
        });
        wallet.wait_for_start().await.unwrap();
        assert_eq!(wallet.receive().await.unwrap(), Received::Message(message));
        wallet.send(&[7]).await.unwrap();
        assert_eq!(wallet.receive().await.unwrap(), Received::Message(vec![9]));
        assert_eq!(wallet.receive().await.unwrap(), Received::Ended);
        assert_eq!(speaking.await.unwrap(), Received::Message(vec![7]));
    }

    #[tokio::test]
    async fn what_is_no_value_or_too_much_ends_it() {
        for bytes in [
            &[DATA, 0x02, 0x01][..],
            &[DATA, 0, 1, 0x00],
            &[DATA, 0, 2, 0x05, 1],
            &[STATE, 0, 1, 9],
            &[7, 0, 0],
            // Ten bytes where eight are allowed.
            &[DATA, 0, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        ] {
            let (one, mut other) = tokio::io::duplex(64);
            other.write_all(bytes).await.unwrap();
            assert!(Line::new(one, 8).receive().await.is_err(), "{bytes:?}");
        }
        let (one, mut other) = tokio::io::duplex(64);
        other.write_all(&[DATA, 0, 9, 0]).await.unwrap();
        drop(other);
        assert_eq!(
            Line::new(one, 8).receive().await.unwrap(),
            Received::Ended,
            "cut off"
        );
        let (one, mut other) = tokio::io::duplex(64);
        other.write_all(&[DATA, 0, 2, 0, 1]).await.unwrap();
        assert!(Line::new(one, 8).wait_for_start().await.is_err());
    }
}
