//! Many connections, and what is left of them. One test, for it counts the descriptors of the process.

mod common;

use std::fs;
use std::io;
use std::rc::Rc;

use common::run_on_each_selector;
use rondel::net::{TcpListener, TcpStream};
use rondel::{gather, spawn};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const CONNECTIONS: usize = 1000;

/// Each connection takes a descriptor on either side, and the process has a few of its own.
fn raise_descriptor_limit() {
    let needed = 2 * CONNECTIONS as u64 + 100;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < needed) {
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum });
        raised.expect("this test needs 2100 descriptors: raise the hard limit, as with `ulimit -Hn 4096`");
    }
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").or_else(|_| fs::read_dir("/dev/fd")).unwrap().count()
}

async fn serve(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}

async fn a_thousand_clients() {
    let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    let server = spawn({
        let listener = Rc::clone(&listener);
        async move {
            let mut serving = Vec::new();
            for _ in 0..CONNECTIONS {
                let (stream, _) = listener.accept().await.unwrap();
                serving.push(spawn(serve(stream)));
            }
            gather(serving).await
        }
    });
    let clients = gather((0..CONNECTIONS).map(|_| TcpStream::connect(address))).await;
    let clients: Vec<TcpStream> = clients.into_iter().map(Result::unwrap).collect();
    for round in 0..3_u8 {
        let answers = gather(clients.iter().zip(0_u32..).map(async |(client, number)| {
            let question = [number.to_le_bytes(), [round; 4]].concat();
            client.write_all(&question).await.unwrap();
            let mut answer = [0; 8];
            client.read_exact(&mut answer).await.unwrap();
            answer == *question
        }));
        assert!(answers.await.into_iter().all(|right| right));
    }
    drop(clients);
    let ended = server.await.unwrap();
    assert_eq!(ended.len(), CONNECTIONS);
    assert!(ended.into_iter().all(|ended| matches!(ended, Ok(Ok(())))));
}

#[test]
fn a_thousand_connections_leave_nothing_behind() {
    raise_descriptor_limit();
    let before = open_descriptors();
    run_on_each_selector(a_thousand_clients);
    // Also those that are open when the runtime ends.
    run_on_each_selector(async || {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        for _ in 0..10 {
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            spawn(serve(server));
            spawn(serve(client));
        }
        spawn(async move { listener.accept().await.map(drop) });
        rondel::yield_now().await;
    });
    assert_eq!(open_descriptors(), before);
}
