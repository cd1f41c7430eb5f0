// Package wire holds what HTTP front ends share: a Router whose handlers return errors and which never redirects, strict
// JSON, lenient forms, streamed multipart, file names and their headers, ranged downloads, and guards against slow clients.
//
// Reading functions fail with a dossier.Error: Invalid with a position or a sentinel cause, TooLarge over a limit,
// Unsupported for what is understood and not offered, Incomplete for bytes that did not arrive. None of them panics,
// whatever a client sends.
//
// Here: the mechanics of HTTP, once. Not here: anything one product's clients expect (paths, envelopes, error texts, status
// tables), authentication, policy, storage, or the listener.
package wire
