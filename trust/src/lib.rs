//! anchors, trust lists, status lists, packs
