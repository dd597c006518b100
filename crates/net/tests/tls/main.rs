//! The life of a TLS connection through its public interface.
#![forbid(unsafe_code)]

mod model;

use proptest::prelude::*;
use rondel_net::tls::{Closing, Left, Outcome, Phase, Step, Tls};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn each_step_may_come_when_it_comes(schedule in proptest::collection::vec(any::<u8>(), 0..300)) {
        model::run(&schedule);
    }
}

fn open() -> Tls {
    let mut tls = Tls::default();
    assert!(tls.start(true));
    assert_eq!(tls.next_step(), Step::Handshake);
    assert!(tls.handshake_ended(Outcome::Done, 0, 0));
    tls.delivered();
    assert_eq!(tls.next_step(), Step::Wait);
    tls
}

#[test]
fn what_is_written_before_the_handshake_waits_for_it() {
    let mut tls = Tls::default();
    assert!(tls.write(10));
    assert_eq!(tls.next_step(), Step::Wait);
    tls.start(true);
    assert_eq!(tls.next_step(), Step::Handshake);
    assert!(!tls.handshake_ended(Outcome::Wanting, 0, 200));
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!(tls.next_step(), Step::Wait);
    tls.received(300);
    assert_eq!(tls.next_step(), Step::Handshake);
    assert!(tls.handshake_ended(Outcome::Done, 0, 50));
    tls.delivered();
    // In one piece with the end of the handshake.
    assert_eq!(tls.next_step(), Step::Encrypt);
    tls.encrypt_ended(Outcome::Done, 10, 90);
    assert_eq!(tls.next_step(), Step::Send);
}

#[test]
fn a_close_says_so_to_the_peer_and_waits_for_the_answer() {
    let mut tls = open();
    assert!(tls.write(5));
    assert_eq!(tls.close(), Closing::Begun);
    assert!(!tls.write(5));
    assert_eq!(tls.next_step(), Step::Encrypt);
    tls.encrypt_ended(Outcome::Done, 5, 30);
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!(tls.next_step(), Step::StartTimer);
    assert_eq!(tls.next_step(), Step::Shutdown);
    tls.shutdown_ended(Outcome::Wanting, 0, 20);
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!((tls.next_step(), tls.phase()), (Step::Wait, Phase::ShuttingDown));
    tls.received(20);
    assert_eq!(tls.next_step(), Step::Shutdown);
    tls.shutdown_ended(Outcome::Done, 0, 0);
    assert_eq!(tls.next_step(), Step::TellEnd);
    tls.delivered();
    assert_eq!(tls.next_step(), Step::Finish);
    assert_eq!(tls.next_step(), Step::Wait);
}

#[test]
fn a_peer_that_goes_on_sending_ends_the_wait_for_its_answer() {
    let mut tls = open();
    tls.close();
    assert_eq!(tls.next_step(), Step::StartTimer);
    assert_eq!(tls.next_step(), Step::Shutdown);
    tls.shutdown_met_data(1000, 20);
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!(tls.next_step(), Step::Finish);
}

#[test]
fn data_that_came_before_the_end_is_told_before_it() {
    let mut tls = open();
    tls.received(100);
    tls.transport_ended();
    assert_eq!(tls.next_step(), Step::Read);
    tls.read_ended(Left::Nothing, true, 0, 0);
    // The application writes an answer, from inside of what gave it the data.
    assert!(tls.write(7));
    assert_eq!(tls.next_step(), Step::Encrypt);
    tls.encrypt_ended(Outcome::Done, 7, 30);
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!(tls.next_step(), Step::Wait);
    tls.delivered();
    assert_eq!(tls.next_step(), Step::TellEnd);
}

#[test]
fn the_end_waits_for_an_application_that_pauses() {
    let mut tls = open();
    tls.pause_reading(true);
    tls.received(100);
    tls.transport_ended();
    assert_eq!((tls.next_step(), tls.phase()), (Step::Wait, Phase::Open));
    tls.pause_reading(false);
    assert_eq!(tls.next_step(), Step::Read);
}

#[test]
fn what_the_transport_refuses_stays_plain() {
    let mut tls = open();
    tls.pause_sending(true);
    assert!(tls.write(600_000));
    assert_eq!(tls.next_step(), Step::PauseWriting);
    assert_eq!(tls.next_step(), Step::Wait);
    tls.pause_sending(false);
    assert_eq!(tls.next_step(), Step::Encrypt);
    tls.encrypt_ended(Outcome::Done, 600_000, 610_000);
    assert_eq!(tls.next_step(), Step::Send);
    tls.sent();
    assert_eq!(tls.next_step(), Step::ResumeWriting);
}

#[test]
fn a_server_asks_its_library_once_the_client_has_spoken() {
    let mut tls = Tls::default();
    assert!(tls.start(false));
    assert_eq!(tls.next_step(), Step::Wait);
    tls.received(200);
    assert_eq!(tls.next_step(), Step::Handshake);
    // Of start_tls: what came before there was a transport counts, too.
    let mut tls = Tls::default();
    tls.received(200);
    assert!(tls.start(false));
    assert_eq!(tls.next_step(), Step::Handshake);
}
