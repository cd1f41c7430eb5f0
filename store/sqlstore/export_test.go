package sqlstore

// WithStep adds a migration for a while. Nobody else may use the package meanwhile.
func WithStep(step string, fn func()) {
	old := migrations
	migrations = append(append([]string(nil), old...), step)
	defer func() { migrations = old }()
	fn()
}
