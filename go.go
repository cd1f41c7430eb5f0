package dossier

import (
	"log/slog"
	"runtime/debug"
)

// Go runs fn in a goroutine of its own. A panic in fn is logged with its stack under name and ends fn, not the process:
// the runtime kills a program for a panic in any goroutine that nobody recovers. Every goroutine of dossier starts here.
func Go(log *slog.Logger, name string, fn func()) {
	go func() {
		defer Recover(log, name)
		fn()
	}()
}

// Recover, deferred, turns a panic into a log line with its stack.
func Recover(log *slog.Logger, name string) {
	if v := recover(); v != nil {
		if log == nil {
			log = slog.Default()
		}
		log.Error("panic", "in", name, "panic", v, "stack", string(debug.Stack()))
	}
}
