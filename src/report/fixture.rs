//! A small journal for the tests of this room.
