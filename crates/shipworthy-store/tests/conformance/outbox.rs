//! The outbox: its position is kept, and is nothing else's business.

use shipworthy_store::{OutboxPosition, Store, store::Error};

use crate::{refused, told, with_ana};

const POSITION: OutboxPosition =
    OutboxPosition { log_id: [0xa5; 16], copied: 3, sent: 5, sequence: 1 << 40 };

pub(crate) fn the_outbox_stands_nowhere_at_first(store: &dyn Store) {
    with_ana(store);
    assert_eq!(store.outbox().expect("an answer"), None);
}

pub(crate) fn the_outbox_stands_where_it_was_moved_last(store: &dyn Store) {
    with_ana(store);
    store.move_outbox(&POSITION).expect("moved");
    assert_eq!(store.outbox().expect("an answer"), Some(POSITION));
    let elsewhere = OutboxPosition { log_id: [1; 16], copied: 0, sent: 0, sequence: 0 };
    store.move_outbox(&elsewhere).expect("moved");
    assert_eq!(store.outbox().expect("an answer"), Some(elsewhere));
    assert_eq!(told(store), ["ana token.created ana"], "to copy is no control action");
}

pub(crate) fn a_position_that_contradicts_itself_is_refused(store: &dyn Store) {
    store.move_outbox(&POSITION).expect("moved");
    let behind = OutboxPosition { sent: 2, ..POSITION };
    let nowhere = OutboxPosition { sequence: u64::MAX, ..POSITION };
    for wrong in [behind, nowhere] {
        assert!(matches!(refused(store.move_outbox(&wrong)), Error::Backend { .. }));
    }
    assert_eq!(store.outbox().expect("an answer"), Some(POSITION));
}
