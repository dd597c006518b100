//! TCP.
//!
//! ```
//! use futures_util::{AsyncBufReadExt, StreamExt, io::BufReader};
//! use rondel::net::{TcpListener, TcpStream};
//!
//! async fn shout(client: TcpStream) -> std::io::Result<()> {
//!     let mut lines = BufReader::new(&client).lines();
//!     while let Some(line) = lines.next().await {
//!         client.write_all(line?.to_uppercase().as_bytes()).await?;
//!     }
//!     Ok(())
//! }
//!
//! rondel::run(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     rondel::spawn(async move {
//!         let (client, _) = listener.accept().await?;
//!         shout(client).await
//!     });
//!     let stream = TcpStream::connect(address).await?;
//!     stream.write_all(b"hello\n").await?;
//!     let mut answer = [0; 5];
//!     stream.read_exact(&mut answer).await?;
//!     assert_eq!(&answer, b"HELLO");
//!     std::io::Result::Ok(())
//! })??;
//! # std::io::Result::Ok(())
//! ```

mod address;
mod error;
mod listener;
mod stream;

pub use address::{Address, lookup};
pub use error::AddressError;
pub use listener::TcpListener;
pub use std::net::Shutdown;
pub use stream::TcpStream;
