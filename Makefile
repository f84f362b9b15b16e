# `make help` lists the commands. CARGO_TARGET_DIR says where builds go, as it does for cargo.
.DEFAULT_GOAL := help
ifeq ($(KEYCLOAK),real)
with_keycloak = tools/keycloak run
in_front_of_it = --realm http://127.0.0.1:$(or $(KEYCLOAK_PORT),8180)/realms/doorward --data data/real
endif

# Where tools/release leaves it.
guided = $(or $(CARGO_TARGET_DIR),target)/doorward

.PHONY: help dev keycloak test check cases campaign audit fuzz release bench bench-revocation install

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

dev: ## run a gateway to try, with everything it needs (KEYCLOAK=real, ARGS="--listen 127.0.0.1:9000" for its options)
	@tools/install build
	cargo build --locked
	$(with_keycloak) cargo run --locked -- dev $(in_front_of_it) $(ARGS)

keycloak: ## run a real Keycloak with the realm and the people of keycloak/, at 127.0.0.1:8180
	@tools/install
	tools/keycloak run

test: ## every test, as CI runs it; installs what is missing
	tools/test

check: ## the quick loop: format, clippy, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --lib --locked

cases: ## the hostile cases, per class (CASES=FILE for another file, ONLY=path. for some)
	CASES="$(CASES)" ONLY="$(ONLY)" cargo test --quiet --test cases --locked

campaign: ## what takes longer: many inputs for every property, every race again (PROPTEST_CASES, ROUNDS)
	tools/campaign

fuzz: ## every parser with cargo-fuzz, half a minute each (SECONDS_EACH, ONLY=token for one)
	tools/fuzz

audit: ## licences, sources, bans and advisories of the dependencies (ADVISORY_DB names a copy of RustSec's)
	tools/audit

release: ## the gateway as it ships, compiled by a profile of itself (ARGS="--no-default-features" for cargo)
	tools/release $(ARGS)

bench: ## CPU time beside a bare proxy, and what each step costs
	tools/release --no-default-features
	cargo run --release --locked -p sidebyside -- --gateway $(guided)
	cargo bench --locked -p doorward

bench-revocation: ## what revocation costs: look-ups, three nodes, 10,000 WebSockets, requests with 1,000,000 dead sessions
	cargo bench --locked -p doorward --bench revocation
	tools/release --no-default-features
	cargo run --release --locked -p sidebyside -- --gateway $(guided) --dead 1000000 --only known

install: ## what a build and the tests need; on Debian and Ubuntu as root it is installed
	@tools/install
