//! ID-record and credential schemas, type metadata: data and a thin index
