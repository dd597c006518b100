//! `net`, over the loopback, on each selector.

mod common;

use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use common::run_on_each_selector;
use futures_util::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use futures_util::{StreamExt, future};
use rondel::net::{Shutdown, TcpListener, TcpStream};
use rondel::{JoinHandle, gather, sleep, spawn, timeout, yield_now};

/// Both ends of a connection.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    (client, server)
}

async fn read_to_end(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Sends everything back, and ends its half when the peer has ended its own.
fn echo(stream: TcpStream) -> JoinHandle<io::Result<()>> {
    spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return stream.shutdown(Shutdown::Write),
                count => stream.write_all(&buffer[..count]).await?,
            }
        }
    })
}

/// More than the buffers of two sockets hold.
fn megabytes() -> Vec<u8> {
    (0..16 * 1024 * 1024_u32).map(|number| number.to_le_bytes()[1]).collect()
}

#[test]
fn echo_ends_each_half_by_itself() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        let echoing = echo(server);
        for message in ["one", "two"] {
            client.write_all(message.as_bytes()).await.unwrap();
            let mut answer = [0; 3];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, message.as_bytes());
        }
        client.write_all(b"last words").await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&client).await.unwrap(), b"last words");
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        echoing.await.unwrap().unwrap();
    });
}

#[test]
fn a_writer_waits_for_a_slow_reader() {
    run_on_each_selector(async || {
        let data = megabytes();
        let (client, server) = pair().await;
        let writing = async {
            client.write_all(&data).await.unwrap();
            client.shutdown(Shutdown::Write).unwrap();
        };
        let reading = async {
            sleep(Duration::from_millis(1)).await;
            read_to_end(&server).await.unwrap()
        };
        let ((), received) = future::join(writing, reading).await;
        assert!(received == data);
    });
}

#[test]
fn both_directions_at_once_over_one_stream() {
    run_on_each_selector(async || {
        let data = Rc::new(megabytes());
        let (client, server) = pair().await;
        let echoing = echo(server);
        let writing = async {
            client.write_all(&data).await.unwrap();
            client.shutdown(Shutdown::Write).unwrap();
        };
        let ((), received) = future::join(writing, read_to_end(&client)).await;
        assert!(received.unwrap() == *data);
        echoing.await.unwrap().unwrap();
    });
}

#[test]
fn a_reset_is_an_error_of_both_directions() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        client.write_all(b"unread").await.unwrap();
        server.read_exact(&mut [0; 1]).await.unwrap();
        drop(server); // with data unread: the kernel resets the connection (RFC 2525, 2.17)
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = client.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(client.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn a_reset_ends_a_write_that_waits() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        let data = megabytes();
        let writing = spawn(async move { client.write_all(&data).await });
        server.read_exact(&mut [0; 1]).await.unwrap();
        drop(server);
        let error = writing.await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    });
}

#[test]
fn an_end_in_the_middle_of_read_exact_is_unexpected() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        client.write_all(b"abc").await.unwrap();
        drop(client);
        let mut buffer = [0; 5];
        let error = server.read_exact(&mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(&buffer[..3], b"abc");
        server.read_exact(&mut []).await.unwrap();
    });
}

#[test]
fn a_cancelled_read_loses_nothing() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        let server = Rc::new(server);
        let early = timeout(Duration::from_millis(1), server.read(&mut [0; 8])).await;
        assert!(early.is_err());
        let task = spawn({
            let server = Rc::clone(&server);
            async move { server.read(&mut [0; 8]).await }
        });
        yield_now().await;
        task.cancel();
        assert!(task.await.is_err());
        client.write_all(b"later").await.unwrap();
        let mut buffer = [0; 5];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"later");
    });
}

#[test]
fn several_tasks_may_read_from_one_stream() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        let reading = gather((0..10).map(async |_| {
            let mut byte = [0];
            server.read_exact(&mut byte).await.unwrap();
            byte[0]
        }));
        let writing = async {
            for byte in 0..10 {
                client.write_all(&[byte]).await.unwrap();
                yield_now().await;
            }
        };
        let (mut bytes, ()) = future::join(reading, writing).await;
        bytes.sort_unstable();
        assert!(bytes.into_iter().eq(0..10));
    });
}

#[test]
fn several_tasks_may_accept_from_one_listener() {
    run_on_each_selector(async || {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let accepting: Vec<_> = (0..5)
            .map(|_| {
                let listener = Rc::clone(&listener);
                spawn(async move { listener.accept().await.map(|(_, peer)| peer) })
            })
            .collect();
        yield_now().await;
        let clients = gather((0..5).map(|_| TcpStream::connect(address))).await;
        let mut expected: Vec<_> =
            clients.iter().map(|client| client.as_ref().unwrap().local_addr().unwrap()).collect();
        let mut peers = Vec::new();
        for task in accepting {
            peers.push(task.await.unwrap().unwrap());
        }
        expected.sort_unstable();
        peers.sort_unstable();
        assert_eq!(peers, expected);
    });
}

#[test]
fn the_traits_of_futures_io_work() {
    run_on_each_selector(async || {
        let (client, mut server) = pair().await;
        let answering = spawn(async move {
            let mut all = String::new();
            AsyncReadExt::read_to_string(&mut server, &mut all).await.unwrap();
            AsyncWriteExt::write_all(&mut server, all.to_uppercase().as_bytes()).await.unwrap();
            AsyncWriteExt::close(&mut server).await.unwrap();
        });
        let mut writer = &client;
        let parts = [io::IoSlice::new(b"first\n"), io::IoSlice::new(b"second")];
        assert_eq!(AsyncWriteExt::write_vectored(&mut writer, &parts).await.unwrap(), 12);
        AsyncWriteExt::flush(&mut writer).await.unwrap();
        AsyncWriteExt::close(&mut writer).await.unwrap();
        let lines: Vec<String> = BufReader::new(&client).lines().map(Result::unwrap).collect().await;
        assert_eq!(lines, ["FIRST", "SECOND"]);
        answering.await.unwrap();
        AsyncWriteExt::close(&mut writer).await.unwrap(); // with nobody there any more
    });
}

#[test]
fn addresses_and_options() {
    run_on_each_selector(async || {
        let (client, server) = pair().await;
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
        assert!(!client.nodelay().unwrap());
        client.set_nodelay(true).unwrap();
        assert!(client.nodelay().unwrap());
    });
}

#[test]
fn a_connection_of_another_library_can_be_taken_over() {
    run_on_each_selector(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut plain = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let taken = TcpStream::from_std(plain.try_clone().unwrap()).unwrap();
        server.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        taken.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
        plain.write_all(b"!").unwrap();
        server.read_exact(&mut [0]).await.unwrap();
    });
}

#[test]
fn a_stream_may_outlive_its_runtime_but_not_wait() {
    let (client, server) = rondel::run(pair()).unwrap();
    rondel::run(async {
        // What needs no waiting works.
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        let error = server.read(&mut [0]).await.unwrap_err();
        assert!(error.to_string().contains("another runtime"), "{error}");
        let mut reader = &server;
        let error = AsyncReadExt::read(&mut reader, &mut [0]).await.unwrap_err();
        assert!(error.to_string().contains("another runtime"), "{error}");
    })
    .unwrap();
}

#[test]
fn a_stream_that_is_always_ready_leaves_room_for_others() {
    run_on_each_selector(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Writes as long as somebody reads.
        let flood = thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            while stream.write_all(&[0; 16 * 1024]).is_ok() {}
        });
        let (stream, _) = listener.accept().await.unwrap();
        let swallowing = spawn(async move { while stream.read(&mut [0]).await.unwrap() == 1 {} });
        sleep(Duration::from_millis(1)).await;
        swallowing.cancel();
        assert!(swallowing.await.is_err());
        flood.join().unwrap();
    });
}

#[test]
fn a_blocking_peer_on_another_thread() {
    run_on_each_selector(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let mut byte = [0];
            for _ in 0..1000 {
                stream.write_all(b"?").unwrap();
                stream.read_exact(&mut byte).unwrap();
            }
        });
        let (stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).await.unwrap() == 1 {
            stream.write_all(b"!").await.unwrap();
        }
        peer.join().unwrap();
    });
}
