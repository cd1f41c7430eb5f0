# Aliases only: plain `go build ./...` and `go test ./...` always work.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.PHONY: run check test matrix golden fuzz bench build ci

run: ## serve a throw-away directory with sample data
	$(GO) run ./cmd/dossier serve --demo --data "$$(mktemp -d)"

check: ## format, vet, short tests
	@unformatted="$$("$$($(GO) env GOROOT)/bin/gofmt" -l .)"; test -z "$$unformatted" || { echo "not formatted:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) test -short ./...

test:
	$(GO) test ./...

matrix: ## every transcript on every pair of stores, with the race detector
	$(GO) test -race -count=1 ./conformance

golden: ## rewrite the goldens, then show what changed
	$(GO) test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -n 1 dirname | sort -u) -update
	git diff --stat -- '*/testdata/*'

fuzz: ## a minute for each target
	.ci/fuzz 60s

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

build: ## one static binary, its version stamped
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dossier ./cmd/dossier

ci:
	.ci/run
