use std::cell::Cell;
use std::future::poll_fn;
use std::net::TcpStream;
use rondel::http::{Here, RequestBody, conn::Http1, io::Socket};
fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let (addr, conc, n): (String, usize, usize) = (args[1].clone(), args[2].parse().unwrap(), args[3].parse().unwrap());
    let left: &'static Cell<usize> = Box::leak(Box::new(Cell::new(n)));
    let t = std::time::Instant::now();
    rondel::run(async move {
        let mut tasks = Vec::new();
        for _ in 0..conc {
            let addr = addr.clone();
            tasks.push(rondel::spawn(async move {
                let tcp = TcpStream::connect(&addr).unwrap(); tcp.set_nodelay(true).unwrap();
                let here = Here::current();
                let socket = Socket::new(&here, rondel_net::Stream::from_std(tcp).unwrap());
                let builder = hyper::client::conn::http1::Builder::new();
                let mut conn = Http1::new(&builder, socket).await.unwrap();
                poll_fn(|cx| { conn.drive(cx); std::task::Poll::Ready(()) }).await;
                while left.get() > 0 {
                    left.set(left.get() - 1);
                    let request = http::Request::builder().uri("/1k").header("host", &addr).header("accept","*/*").header("accept-encoding","gzip, deflate").header("user-agent","Python/3.13 rondel/0.1").body(RequestBody::Empty).unwrap();
                    conn.send(request);
                    let response = poll_fn(|cx| conn.poll_head(cx)).await.map_err(|e| e.into_error()).unwrap();
                    let mut body = response.into_body();
                    let mut len = 0;
                    while let Some(frame) = poll_fn(|cx| conn.poll_frame(cx, &mut body)).await { len += frame.unwrap().data_ref().map_or(0, |d| d.len()); }
                    assert_eq!(len, 1024);
                    while !conn.is_idle() { rondel::yield_now().await; poll_fn(|cx| { conn.drive(cx); std::task::Poll::Ready(()) }).await; }
                }
            }));
        }
        for t in tasks { t.await.unwrap(); }
    })?;
    println!("{:.0} req/s", n as f64 / t.elapsed().as_secs_f64());
    Ok(())
}
