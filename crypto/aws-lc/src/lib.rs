//! the fast signature provider of servers and command line
