// Package pocketbase speaks the REST dialect under /api/: records with multipart files, downloads and thumbnails, file
// tokens, password sign-in.
//
// A handler has five beats: authenticate, decode, lower, call one verb of core, encode. The contract is
// docs/dialects/pocketbase.md.
//
// Here: the paths, the JSON shapes, the file names in URLs, the rule and filter language, the error envelope. Not here: what
// a record or file is, who may do what, storage, HTTP mechanics that other dialects share (see wire).
package pocketbase
