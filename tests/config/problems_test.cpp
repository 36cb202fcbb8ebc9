// What is wrong with a file, where, and in which words: config/rules.cpp, config/sections.hpp, config/stages.cpp, config/validate.cpp.
#include "tests/config/support.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(problems)

using namespace switchyard::config;
using namespace switchyard::config::testing;

namespace {

struct bad_input {
  std::string text;
  int line;
  int column;
  std::string key;
  std::string message;                           ///< a part of it
};

/// `line` stands on line 3 of a config with one provider.
std::string with_openai(const std::string& line) { return "providers:\n  openai: {keys: [{value: x, models: [gpt-4o, 'o4-*']}]}\n" + line + "\n"; }
/// `members` stand at column 35 of line 1.
std::string key_with(const std::string& members) { return "providers: {openai: {keys: [{value: x, " + members + "}]}}"; }
/// `members` stand at column 38 of line 1.
std::string provider_with(const std::string& members) { return "providers: {p: {base_url: 'http://h', " + members + ", keys: [{}]}}"; }
/// `stage` stands at column 29 of line 3.
std::string stage_with(const std::string& stage) { return with_openai("routes: [{name: r, stages: [" + stage + "]}]"); }

const std::vector<bad_input>& bad_inputs() {
  static const std::vector<bad_input> all{
      // syntax and shape
      {"a: [1", 1, 4, "", "not valid YAML or JSON: this bracket is never closed"},
      {"- a", 1, 1, "", "expected a map, got a list"},
      {"just words", 1, 1, "", "expected a map, got a string"},
      {"node: 5", 1, 7, "node", "expected a map, got a number"},
      {"node: [a]", 1, 7, "node", "expected a map, got a list"},
      {"node: {name: a, name: b}", 1, 17, "node.name", "duplicate key, already at line 1"},
      {"node:\n  name: a\nnode:\n  name: b", 3, 1, "node", "duplicate key, already at line 1"},
      {"node: {<<: {name: a}}", 1, 8, "node[\"<<\"]", "no merge keys"},
      // unknown keys
      {"providerz: {}", 1, 1, "providerz", "unknown key, did you mean 'providers'?"},
      {"server: {max-body: 1}", 1, 10, "server.max-body", "did you mean 'max_body'?"},
      {"server: {maxConnections: 1}", 1, 10, "server.maxConnections", "did you mean 'max_connections'?"},
      {"server: {port: 80}", 1, 10, "server.port", "did you mean 'listen'?"},
      {"server: {qwertyuiop: 80}", 1, 10, "server.qwertyuiop", "unknown key; expected one of: listen, threads"},
      {"server: {\"a.b\": 80}", 1, 10, "server[\"a.b\"]", "unknown key"},
      {key_with("weigth: 1"), 1, 40, "providers.openai.keys[0].weigth", "did you mean 'weight'?"},
      {"providers: {openai: {keys: [{api_key: x, value: y}]}}", 1, 30, "providers.openai.keys[0].api_key", "did you mean 'value'?"},
      {provider_with("api_base: x"), 1, 39, "providers.p.api_base", "did you mean 'base_url'?"},
      {"telemetry: {decision_log: {keeep: 1}}", 1, 28, "telemetry.decision_log.keeep", "did you mean 'keep'?"},
      // cluster
      {"cluster: {lisen: 127.0.0.1:1}", 1, 11, "cluster.lisen", "did you mean 'listen'?"},
      {"cluster: {join: [a:1]}", 1, 11, "cluster.join", "did you mean 'seeds'?"},
      {"cluster: {seeds: [somewhere]}", 1, 19, "cluster.seeds[0]", "expected a host and a port"},
      {"cluster: {seeds: ['10.0.0.2:0']}", 1, 19, "cluster.seeds[0]", "expected a host and a port"},
      {"cluster: {listen: 10.0.0.1:8082}", 1, 10, "cluster.tls", "is required, since cluster.listen is not a loopback address"},
      {"cluster: {seeds: [yard.default.svc:8082]}", 1, 10, "cluster.tls", "not all of cluster.seeds are loopback"},
      {"cluster: {tls: {ca: ca.pem, cert: n.pem}}", 1, 11, "cluster.tls.key", "is required"},
      {"cluster: {members: [a]}", 1, 20, "cluster.members", "a cluster has 2 to 9 nodes, not 1"},
      {"cluster: {members: [a, a, b]}", 1, 20, "cluster.members", "each node is named once"},
      {"node: {name: c}\ncluster: {members: [a, b]}", 2, 20, "cluster.members", "this node's name, 'c', is not among them"},
      // named by the contract, not in this version
      {"experiments: []", 1, 1, "experiments", "is not available in this version"},
      {"ledger: {durability: synced}", 1, 22, "ledger.durability", "sync"},
      {"ledger: {retention: 0s}", 1, 21, "ledger.retention", "expected"},
      {"embedding: {}", 1, 1, "embedding", "is not available in this version"},
      {"telemetry: {otlp: {}}", 1, 13, "telemetry.otlp", "is not available in this version"},
      {"providers: {bedrock: {keys: [{value: x}]}}", 1, 30, "providers.bedrock.keys[0].region", "is required: the AWS region"},
      {"providers: {bedrock: {keys: [{region: us-east-1}]}}", 1, 30, "providers.bedrock.keys[0].access_key_id", "is required, with secret_access_key"},
      {"providers: {bedrock: {keys: [{access_key_id: a, region: r}]}}", 1, 30, "providers.bedrock.keys[0].secret_access_key", "is required with access_key_id"},
      {"providers: {bedrock: {keys: [{secret_access_key: a, region: r}]}}", 1, 30, "providers.bedrock.keys[0].access_key_id", "is required with secret"},
      {"providers: {bedrock: {keys: [{value: v, session_token: a, region: r}]}}", 1, 56, "providers.bedrock.keys[0].session_token", "which are missing"},
      {"providers: {bedrock: {keys: [{value: v, access_key_id: a, secret_access_key: b, region: r}]}}", 1, 38, "providers.bedrock.keys[0].value",
       "either a value (a Bedrock API key) or access_key_id"},
      {"providers: {bedrock: {keys: [{value: v, region: 'x.evil.com/#'}]}}", 1, 49, "providers.bedrock.keys[0].region", "expected an AWS region such as us-east-1"},
      {"providers: {bedrock: {keys: [{value: v, region: 'a@b'}]}}", 1, 49, "providers.bedrock.keys[0].region", "expected an AWS region"},
      {key_with("auth: bearer"), 1, 40, "providers.openai.keys[0].auth", "is not available in this version"},
      {key_with("access_key_id: a"), 1, 55, "providers.openai.keys[0].access_key_id", "is for providers with the bedrock wire"},
      {key_with("session_token: a"), 1, 55, "providers.openai.keys[0].session_token", "is for providers with the bedrock wire"},
      {stage_with("cost: {weak: a/b}"), 3, 29, "routes[0].stages[0].cost", "is not available in this version; available stages: guard, semantic"},
      {stage_with("{cascade: {}}"), 3, 30, "routes[0].stages[0].cascade", "is not available in this version"},
      // types and ranges
      {"server: {threads: many}", 1, 19, "server.threads", "expected a whole number from 0 to 256, got a string"},
      {"server: {threads: \"4\"}", 1, 19, "server.threads", "got a string"},
      {"server: {threads: 257}", 1, 19, "server.threads", "from 0 to 256, got '257'"},
      {"server: {threads: -1}", 1, 19, "server.threads", "got '-1'"},
      {"server: {threads: 1.5}", 1, 19, "server.threads", "got '1.5'"},
      {"server: {threads: 99999999999999999999}", 1, 19, "server.threads", "expected a whole number"},
      {"server: {threads: }", 1, 10, "server.threads", "got nothing"},
      {"server: {max_connections: 0}", 1, 27, "server.max_connections", "from 1 to 1000000"},
      {"server: {max_body: 20MB}", 1, 20, "server.max_body", "such as 64KiB, 20MiB or 1GiB, or bytes, got '20MB'"},
      {"server: {max_body: 0}", 1, 20, "server.max_body", "expected a size from 1"},
      {"server: {max_body: [1]}", 1, 20, "server.max_body", "got a list"},
      {"server: {drain_timeout: 30}", 1, 25, "server.drain_timeout", "expected a duration above 0 such as 250ms, 10s, 5m, 1h or 30d, got '30'"},
      {"server: {idle_timeout: 0s}", 1, 24, "server.idle_timeout", "above 0"},
      {"server: {idle_timeout: true}", 1, 24, "server.idle_timeout", "got a boolean"},
      {"server: {listen: 8080}", 1, 18, "server.listen", "such as 127.0.0.1:8080 or [::1]:8080, got '8080'"},
      {"server: {listen: 'example.com:80'}", 1, 18, "server.listen", "an IP address or localhost"},
      {"server: {tls: {cert: c.pem}}", 1, 10, "server.tls.key", "is required"},
      {"node: {name: a b}", 1, 14, "node.name", "expected a name of letters, digits"},
      {"node: {region: 5}", 1, 16, "node.region", "got a number; put it in quotes"},
      {"node: {region: \"a\\x01\"}", 1, 16, "node.region", "without control characters"},
      {"node: {data_dir: ''}", 1, 18, "node.data_dir", "expected a path"},
      {"telemetry: {decision_log: {prompts: yes}}", 1, 37, "telemetry.decision_log.prompts", "expected true or false, got a string"},
      {"telemetry: {decision_log: {keep: -1}}", 1, 34, "telemetry.decision_log.keep", "from 0 to 10000000"},
      {key_with("weight: -0.1"), 1, 48, "providers.openai.keys[0].weight", "expected a number from 0"},
      {key_with("weight: .nan"), 1, 48, "providers.openai.keys[0].weight", "expected a number"},
      {key_with("weight: .inf"), 1, 48, "providers.openai.keys[0].weight", "expected a number"},
      {key_with("rpm: -5"), 1, 45, "providers.openai.keys[0].rpm", "got '-5'"},
      {key_with("models: gpt-4o"), 1, 48, "providers.openai.keys[0].models", "expected a list, got a string"},
      {key_with("models: [gpt-*-mini]"), 1, 49, "providers.openai.keys[0].models[0]", "only the last character may be '*'"},
      {key_with("models: [4]"), 1, 49, "providers.openai.keys[0].models[0]", "put it in quotes"},
      {key_with("base_url: ftp://h"), 1, 50, "providers.openai.keys[0].base_url", "expected http://host"},
      {provider_with("breaker: {failure_rate: 0}"), 1, 63, "providers.p.breaker.failure_rate", "above 0 and up to 1"},
      {provider_with("breaker: {failure_rate: 1.01}"), 1, 63, "providers.p.breaker.failure_rate", "up to 1"},
      {provider_with("breaker: {half_open_probes: 0}"), 1, 67, "providers.p.breaker.half_open_probes", "from 1"},
      {provider_with("breaker: {open_for: 3m}"), 1, 59, "providers.p.breaker.max_open_for", "must not be below breaker.open_for"},
      {provider_with("retry: {attempts: 0}"), 1, 57, "providers.p.retry.attempts", "from 1 to 10"},
      {provider_with("retry: {attempts: 11}"), 1, 57, "providers.p.retry.attempts", "from 1 to 10"},
      {provider_with("retry: {budget: 1.5}"), 1, 55, "providers.p.retry.budget", "from 0 to 1"},
      {provider_with("retry: {max_backoff: 1ms}"), 1, 60, "providers.p.retry.max_backoff", "must not be below retry.backoff"},
      {provider_with("prices: {gpt-4.1: {input: -1}}"), 1, 65, "providers.p.prices[\"gpt-4.1\"].input", "from 0 to 1000000"},
      {provider_with("timeouts: {connect: 0ms}"), 1, 59, "providers.p.timeouts.connect", "above 0"},
      // providers and keys
      {"providers: {opnai: {keys: [{}]}}", 1, 13, "providers.opnai.base_url", "is required, since 'opnai' is no provider known by name, did you mean 'openai'?"},
      {"providers: {mine-own: {keys: [{}]}}", 1, 13, "providers.mine-own.base_url", "(openai, azure, mistral"},
      {"providers: {x: {base_url: '', keys: [{}]}}", 1, 27, "providers.x.base_url", "expected http://host"},
      {"providers: {x: {base_url: 'http://u:canary@h', keys: [{}]}}", 1, 27, "providers.x.base_url", "without user"},
      {"providers: {anthropic: {wire: openai, keys: [{value: x}]}}", 1, 13, "providers.anthropic.base_url", "is required"},
      {"providers: {a b: {base_url: 'http://h', keys: [{}]}}", 1, 13, "providers[\"a b\"]", "the key is to be a name"},
      {"providers: {openai: {}}", 1, 13, "providers.openai.keys", "is required"},
      {"providers: {openai: {keys: []}}", 1, 28, "providers.openai.keys", "at least 1"},
      {"providers: {openai: {keys: sk-canary}}", 1, 28, "providers.openai.keys", "expected a list, got a string"},
      {"providers: {openai: {keys: [sk-canary]}}", 1, 29, "providers.openai.keys[0]", "expected a map, got a string"},
      {"providers: {openai: {keys: [{name: a}]}}", 1, 29, "providers.openai.keys[0].value", "is required: the secret itself, env.NAME (such as env.OPENAI_API_KEY)"},
      {"providers: {openai: {keys: [{value: null}]}}", 1, 29, "providers.openai.keys[0].value", "is required"},
      {"providers: {openai: {keys: [{value: x, weight: 0}, {value: y, weight: 0}]}}", 1, 28, "providers.openai.keys", "at least one key needs a weight above 0"},
      {"providers: {openai: {keys: [{name: a, value: x}]}, groq: {keys: [{name: a, value: x}]}}", 1, 73, "providers.groq.keys[0].name", "'a' is already providers.openai.keys[0]"},
      {"providers: {openai: {keys: [{name: openai-key-2, value: x}, {value: x}]}}", 1, 61, "providers.openai.keys[1].name", "unique over all providers"},
      {"providers: {openai: {keys: [{name: a/b, value: x}]}}", 1, 36, "providers.openai.keys[0].name", "expected a name"},
      // secrets
      {"admin: {token: env.NOT_THERE}", 1, 16, "admin.token", "the environment variable NOT_THERE is not set"},
      {"admin: {token: env.EMPTY}", 1, 16, "admin.token", "the environment variable EMPTY is empty"},
      {"admin: {token: env.BROKEN}", 1, 16, "admin.token", "the value of the environment variable BROKEN holds a blank, a line break"},
      {"admin: {token: env.9}", 1, 16, "admin.token", "expected env.NAME"},
      {"admin: {token: 'file:'}", 1, 16, "admin.token", "expected file:/path"},
      {"admin: {token: file:/does/not/exist}", 1, 16, "admin.token", "the file '/does/not/exist' does not exist"},
      {"admin: {token: ''}", 1, 16, "admin.token", "got an empty string"},
      {"admin: {token: 'can ary'}", 1, 16, "admin.token", "the secret holds a blank"},
      {"admin: {token: \"canary\\n\"}", 1, 16, "admin.token", "the secret holds a blank, a line break"},
      {"admin: {token: 31337}", 1, 16, "admin.token", "got a number; put it in quotes"},
      {"admin: {token: {env: X}}", 1, 16, "admin.token", "got a map"},
      // listeners
      {"admin: {listen: '0.0.0.0:8081'}", 1, 17, "admin.token", "is required, since admin.listen is not a loopback address"},
      {"admin: {listen: 'localhost:8080'}", 1, 17, "admin.listen", "server and admin cannot both listen on localhost:8080"},
      {"server: {listen: '[::]:8081'}", 1, 18, "server.listen", "cannot both listen"},
      // routes
      {"routes: {name: a}", 1, 9, "routes", "expected a list, got a map"},
      {"routes: [{stages: []}]", 1, 10, "routes[0].name", "is required"},
      {"routes: [{name: }]", 1, 10, "routes[0].name", "is required"},
      {"routes: [{name: a/b}]", 1, 17, "routes[0].name", "expected a name"},
      {"routes: [{name: a}, {name: b, aliases: [a]}]", 1, 41, "routes[1].aliases[0]", "'a' is already routes[0].name"},
      {"routes: [{name: a, aliases: ['x y']}]", 1, 30, "routes[0].aliases[0]", "without blanks"},
      {with_openai("routes: [{name: r, aliases: [openai/best]}]"), 3, 30, "routes[0].aliases[0]", "would hide a model of provider 'openai'"},
      {stage_with("balance"), 3, 29, "routes[0].stages[0]", "expected a map with one key"},
      {stage_with("{}"), 3, 29, "routes[0].stages[0]", "expected exactly one key"},
      {stage_with("{balance: {}, fallback: [openai/gpt-4o]}"), 3, 29, "routes[0].stages[0]", "expected exactly one key"},
      {stage_with("balanse: {}"), 3, 29, "routes[0].stages[0].balanse", "did you mean 'balance'?"},
      {stage_with("balance: {}, balance: {}"), 3, 42, "routes[0].stages[1].balance", "at most once"},
      {stage_with("balance: {strategy: addaptive}"), 3, 49, "routes[0].stages[0].balance.strategy", "got 'addaptive', did you mean 'adaptive'?"},
      {stage_with("balance: {targets: [openai/nope]}"), 3, 49, "routes[0].stages[0].balance.targets[0]", "no key of provider 'openai' serves 'nope'; served: gpt-4o, o4-*"},
      {stage_with("balance: {targets: [{weight: 1}]}"), 3, 49, "routes[0].stages[0].balance.targets[0].target", "is required"},
      {stage_with("balance: {targets: [{target: openai/o4-mini, weight: 0}]}"), 3, 29, "routes[0].stages[0].balance.targets", "at least one target needs a weight above 0"},
      {stage_with("balance: {targets: [[a]]}"), 3, 49, "routes[0].stages[0].balance.targets[0]", "got a list"},
      {stage_with("balance: {}, fallback: [opnai/gpt-4o]"), 3, 53, "routes[0].stages[1].fallback[0]", "no provider 'opnai' is configured, did you mean 'openai'?"},
      {stage_with("guard: {pii: masc}"), 3, 42, "routes[0].stages[0].guard.pii", "expected one of: off, flag, mask, block; got 'masc', did you mean 'mask'?"},
      {stage_with("guard: {jailbreak: mask}"), 3, 48, "routes[0].stages[0].guard.jailbreak", "expected one of: off, flag, block; got 'mask'"},
      {stage_with("guard: {pii_kinds: [emial]}"), 3, 49, "routes[0].stages[0].guard.pii_kinds[0]", "did you mean 'email'?"},
      {stage_with("guard: {harmful_threshold: 2}"), 3, 56, "routes[0].stages[0].guard.harmful_threshold", "expected a number from 0 to 1"},
      {stage_with("semantic: {}"), 3, 29, "routes[0].stages[0].semantic.categories", "is required"},
      {stage_with("semantic: {categories: []}"), 3, 52, "routes[0].stages[0].semantic.categories", "expected a list of at least 1"},
      {stage_with("semantic: {categories: [{name: a, target: openai/gpt-4o}]}"), 3, 53, "routes[0].stages[0].semantic.categories[0].examples", "at least one example is needed"},
      {stage_with("semantic: {categories: [{name: a, examples: ['  '], target: openai/gpt-4o}]}"), 3, 74, "routes[0].stages[0].semantic.categories[0].examples[0]", "with something in it"},
      {stage_with("semantic: {categories: [{name: a, examples: [x], target: openai/gpt-4o}, {name: a, examples: [y], target: openai/gpt-4o}]}"), 3, 109, "routes[0].stages[0].semantic.categories[1].name", "'a' is already routes[0].stages[0].semantic.categories[0]"},
      {stage_with("semantic: {categories: [{name: a, examples: [x], target: openai/nope}]}"), 3, 86, "routes[0].stages[0].semantic.categories[0].target", "no key of provider 'openai' serves 'nope'"},
      {stage_with("semantic: {categories: [{name: a, examples: [x], target: openai/gpt-4o}], fallback: opnai/gpt-4o}"), 3, 113, "routes[0].stages[0].semantic.fallback", "did you mean 'openai'?"},
      {stage_with("semantic: {embedding: {}, categories: [{name: a, examples: [x], target: openai/gpt-4o}]}"), 3, 40, "routes[0].stages[0].semantic.embedding.provider", "is required"},
      {stage_with("semantic: {embedding: {provider: openai/text-embedding-3-small}, categories: [{name: a, examples: [x], target: openai/gpt-4o}]}"), 3, 62, "routes[0].stages[0].semantic.embedding.provider", "no key of provider 'openai' serves 'text-embedding-3-small'"},
      {stage_with("semantic: {embedding: {provider: openai/gpt-4o}, model: m.bin, categories: [{name: a, target: openai/gpt-4o}]}"), 3, 40, "routes[0].stages[0].semantic.embedding", "the stage's model knows the built-in embedding only: leave one of both out"},
      {stage_with("intent: {rules: []}"), 3, 45, "routes[0].stages[0].intent.rules", "expected a list of at least 1"},
      {stage_with("intent: {rules: [{name: r, when: {domian: law}, target: openai/gpt-4o}]}"), 3, 63, "routes[0].stages[0].intent.rules[0].when.domian", "unknown key, did you mean 'domain'?"},
      {stage_with("intent: {rules: [{name: r, when: {pii: 1}, target: openai/gpt-4o}]}"), 3, 63, "routes[0].stages[0].intent.rules[0].when.pii", "did you mean 'safety.pii'?"},
      {stage_with("intent: {rules: [{name: r, when: {domain: [law, maths]}, target: openai/gpt-4o}]}"), 3, 77, "routes[0].stages[0].intent.rules[0].when.domain[1]", "got 'maths', did you mean 'math'?"},
      {stage_with("intent: {rules: [{name: r, when: {format: cod}, target: openai/gpt-4o}]}"), 3, 71, "routes[0].stages[0].intent.rules[0].when.format", "did you mean 'code'?"},
      {stage_with("intent: {rules: [{name: r, when: {complexity: high}, target: openai/gpt-4o}]}"), 3, 75, "routes[0].stages[0].intent.rules[0].when.complexity", "expected a number, "},
      {stage_with("intent: {rules: [{name: r, when: {complexity: '0.8..0.2'}, target: openai/gpt-4o}]}"), 3, 75, "routes[0].stages[0].intent.rules[0].when.complexity", "got '0.8..0.2'"},
      {stage_with("intent: {rules: [{name: r, when: {}, target: openai/gpt-4o}, {name: s, when: {turns: 1}, target: openai/gpt-4o}]}"), 3, 46, "routes[0].stages[0].intent.rules[0].when", "holds always"},
      {stage_with("intent: {rules: [{name: r, when: {turns: 1}, target: openai/gpt-4o}, {name: r, when: {turns: 2}, target: openai/gpt-4o}]}"), 3, 105, "routes[0].stages[0].intent.rules[1].name", "rule names are unique"},
      {stage_with("intent: {rules: [{name: r, when: {turns: 1}, target: openai/nope}]}"), 3, 82, "routes[0].stages[0].intent.rules[0].target", "serves"},
      {with_openai("routes: [{name: r, baseline: openai/nope}]"), 3, 30, "routes[0].baseline", "serves"},
      {stage_with("fallback: [gpt-4o]"), 3, 40, "routes[0].stages[0].fallback[0]", "expected provider/model"},
      {stage_with("fallback: [openai/o4-*]"), 3, 40, "routes[0].stages[0].fallback[0]", "expected provider/model"},
      {stage_with("fallback: []"), 3, 39, "routes[0].stages[0].fallback", "at least one provider/model"},
      {stage_with("fallback: openai/gpt-4o"), 3, 39, "routes[0].stages[0].fallback", "expected a list"},
      // virtual keys
      {"virtual_keys: [{key: x}]", 1, 16, "virtual_keys[0].name", "is required"},
      {"virtual_keys: [{name: x}]", 1, 16, "virtual_keys[0].key", "is required"},
      {"virtual_keys: [{name: x, key: null}]", 1, 16, "virtual_keys[0].key", "is required"},
      {"virtual_keys: [{name: x, key: ''}]", 1, 31, "virtual_keys[0].key", "got an empty string"},
      {"virtual_keys: [{name: x, key: a}, {name: x, key: b}]", 1, 42, "virtual_keys[1].name", "'x' is already the name of virtual_keys[0]"},
      {"virtual_keys: [{name: x, key: canary}, {name: y, key: canary}]", 1, 55, "virtual_keys[1].key", "is the same as the key of virtual_keys[0]"},
      {"virtual_keys: [{name: x, key: a, routes: [auto]}]", 1, 43, "virtual_keys[0].routes[0]", "no route 'auto' is configured"},
      {"virtual_keys: [{name: x, key: a, tags: {n: 5}}]", 1, 44, "virtual_keys[0].tags.n", "put it in quotes"},
      {with_openai("virtual_keys: [{name: x, key: a, models: [gpt-4o]}]"), 3, 43, "virtual_keys[0].models[0]", "expected provider/model"},
      {with_openai("virtual_keys: [{name: x, key: a, models: [opnai/*]}]"), 3, 43, "virtual_keys[0].models[0]", "did you mean 'openai'?"},
      {"virtual_keys: [{name: x, key: a, budget: {}}]", 1, 34, "virtual_keys[0].budget.usd", "is required"},
      {"virtual_keys: [{name: x, key: a, budget: {usd: 0}}]", 1, 48, "virtual_keys[0].budget.usd", "a number above 0"},
      {"virtual_keys: [{name: x, key: a, budget: {usd: 1, period: year}}]", 1, 59, "virtual_keys[0].budget.period", "one of: hour, day, week, month, total"},
      {"virtual_keys: [{name: x, key: a, budget: {usd: 1, mode: firm}}]", 1, 57, "virtual_keys[0].budget.mode", "one of: hard, soft"},
      {"virtual_keys: [{name: x, key: a, expires: 2027-02-30}]", 1, 43, "virtual_keys[0].expires", "expected a time such as 2027-01-31"},
      {"virtual_keys: [{name: x, key: a, expires: tomorrow}]", 1, 43, "virtual_keys[0].expires", "expected a time such as 2027-01-31"},
      {"virtual_keys: [{name: x, key: a, parent: y}]", 1, 42, "virtual_keys[0].parent", "there is no virtual key 'y'"},
      {"virtual_keys: [{name: x, key: a, parent: x}]", 1, 42, "virtual_keys[0].parent", "a key cannot be below itself"},
      {"virtual_keys: [{name: x, key: a, rpm: 5}, {name: y, key: b, parent: x, rpm: 6}]", 1, 77, "virtual_keys[1].rpm", "is more than the 5 of its parent 'x'"},
      {"virtual_keys: [{name: x, key: a, budget: {usd: 5}}, {name: y, key: b, parent: x, budget: {usd: 6, period: day}}]", 1, 90,
       "virtual_keys[1].budget", "6 USD a day is more than the 5 USD a month of its parent 'x'"},
      {"virtual_keys: [{name: x, key: a, expires: 2027-01-01}, {name: y, key: b, parent: x, expires: 2027-01-02}]", 1, 94,
       "virtual_keys[1].expires", "is after its parent 'x' expires, 2027-01-01T00:00:00Z"},
      {with_openai("virtual_keys: [{name: x, key: a, models: [openai/gpt-4o]}, {name: y, key: b, parent: x, models: ['openai/*']}]"), 3, 97,
       "virtual_keys[1].models", "'openai/*' is not among the models of its parent 'x'"},
  };
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_bad_input_gives_its_one_problem_at_its_place) {
  BOOST_TEST(bad_inputs().size() >= 60u);
  for (const auto& input : bad_inputs()) {
    const auto result = load(input.text, {{"EMPTY", ""}, {"BROKEN", "canary\n"}});
    BOOST_TEST_CONTEXT(input.text << "\n" << listed(result.problems)) {
      BOOST_TEST(!result.value.has_value());
      BOOST_TEST(result.problems.size() == 1u);
      if (result.problems.empty()) continue;
      const auto& problem = result.problems.front();
      BOOST_TEST(problem.file == "c.yaml");
      BOOST_TEST(problem.at.line == input.line);
      BOOST_TEST(problem.at.column == input.column);
      BOOST_TEST(problem.key == input.key);
      BOOST_TEST((problem.message.find(input.message) != std::string::npos));
      BOOST_TEST((problem.to_string().find("canary") == std::string::npos));
    }
  }
}

BOOST_AUTO_TEST_CASE(all_problems_come_at_once_in_file_order) {
  const auto result = load(R"(nod: {}
server:
  threads: 1000
  listen: nowhere
providers:
  openai:
    keys:
      - {value: env.NOT_THERE, weigth: 1}
routes:
  - name: auto
    stages:
      - fallback: [opnai/x]
virtual_keys:
  - {name: a}
)");
  const std::string expected =
      "c.yaml:1:1: nod: unknown key, did you mean 'node'?\n"
      "c.yaml:3:12: server.threads: expected a whole number from 0 to 256, got '1000'\n"
      "c.yaml:4:11: server.listen: expected an IP address or localhost and a port, such as 127.0.0.1:8080 or [::1]:8080, got 'nowhere'\n"
      "c.yaml:8:17: providers.openai.keys[0].value: the environment variable NOT_THERE is not set\n"
      "c.yaml:8:32: providers.openai.keys[0].weigth: unknown key, did you mean 'weight'?\n"
      "c.yaml:12:20: routes[0].stages[0].fallback[0]: no provider 'opnai' is configured, did you mean 'openai'?\n"
      "c.yaml:14:5: virtual_keys[0].key: is required\n";
  BOOST_TEST(listed(result.problems) == expected);
}

BOOST_AUTO_TEST_CASE(a_stage_keeps_its_index_after_a_refused_one) {
  const auto result = load(stage_with("cost: {}, balance: {targets: [openai/nope]}"));
  BOOST_TEST_REQUIRE(result.problems.size() == 2u);
  BOOST_TEST(result.problems[1].key == "routes[0].stages[1].balance.targets[0]");
}

BOOST_AUTO_TEST_CASE(a_flood_of_problems_is_cut_and_counted) {
  std::string text = "server:\n";
  for (int i = 0; i < 700; ++i) text += "  zz" + std::to_string(i) + ": 1\n";
  const auto result = load(text);
  BOOST_TEST(result.problems.size() == 501u);
  BOOST_TEST(result.problems.back().message == "and 200 more problems");
}

BOOST_AUTO_TEST_CASE(a_problem_is_one_line_whatever_the_key) {
  const auto result = load("server: {\"a\\nb\\x1b[31m\": 1, \"" + std::string(500, 'k') + "\": 2}");
  BOOST_TEST_REQUIRE(result.problems.size() == 2u);
  for (const auto& problem : result.problems) {
    const auto line = problem.to_string();
    BOOST_TEST(line.find_first_of("\n\x1b") == std::string::npos);
    BOOST_TEST(line.size() < 300u);
  }
}

BOOST_AUTO_TEST_CASE(a_problem_without_a_place_or_file_has_no_empty_parts) {
  BOOST_TEST((problem{"", {}, "", "bad"}.to_string() == "bad"));
  BOOST_TEST((problem{"f", {}, "k", "bad"}.to_string() == "f: k: bad"));
  BOOST_TEST((problem{"my.yaml", {12, 5}, "k", "bad"}.to_string() == "my.yaml:12:5: k: bad"));
}

BOOST_AUTO_TEST_SUITE_END()
