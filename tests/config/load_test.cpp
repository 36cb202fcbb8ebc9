#include "config/load.hpp"

#include "config/presets.hpp"
#include "tests/config/support.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

BOOST_AUTO_TEST_SUITE(loading)

using namespace switchyard;
using namespace switchyard::config;
using namespace switchyard::config::testing;

namespace {

/// A directory of its own for each test that needs files.
struct own_directory {
  own_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "switchyard-config-XXXXXX").string();
    BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~own_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = path / name;
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  std::filesystem::path path;
};

switchyard::config::config loaded(std::string_view text, std::map<std::string, std::string> values = {}) {
  auto result = load(text, std::move(values));
  BOOST_TEST_REQUIRE(result.value.has_value(), listed(result.problems));
  BOOST_TEST(result.problems.empty());
  return std::move(*result.value);
}

constexpr std::string_view seed = R"({
	"providers": {
		"openai": {
			"keys": [
				{"name": "openai-key-1", "value": "sk-one", "weight": 0.7, "models": ["gpt-4o", "gpt-4o-mini"]},
				{"name": "openai-key-2", "value": "sk-two", "weight": 0.3, "models": ["gpt-4o"]}
			]
		}
	}
})";

}  // namespace

BOOST_AUTO_TEST_CASE(an_empty_file_is_a_config_without_providers) {
  for (const char* text : {"", "# nothing yet\n", "{}", "providers:\nroutes:\nvirtual_keys:\nserver:\n"}) {
    const auto config = loaded(text);
    BOOST_TEST(config.providers.empty());
    BOOST_TEST(config.server.listen.port == 8080);
    BOOST_TEST(!config.node.name.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_seed_json_loads_as_it_stands) {
  const auto config = loaded(seed);
  BOOST_TEST_REQUIRE(config.providers.size() == 1u);
  const auto& openai = config.providers.front();
  BOOST_TEST(openai.name == "openai");
  BOOST_TEST(openai.base_url == "https://api.openai.com");
  BOOST_TEST(openai.at.line == 3);
  BOOST_TEST(openai.at.column == 3);
  BOOST_TEST_REQUIRE(openai.keys.size() == 2u);
  BOOST_TEST(openai.keys[0].name == "openai-key-1");
  BOOST_TEST((openai.keys[0].value.reveal() == "sk-one"));
  BOOST_TEST(openai.keys[0].weight == 0.7);
  BOOST_TEST((openai.keys[0].models == std::vector<std::string>{"gpt-4o", "gpt-4o-mini"}));
  BOOST_TEST(openai.keys[1].at.line == 6);
}

BOOST_AUTO_TEST_CASE(every_option_reaches_its_member) {
  const auto config = loaded(R"(
node: {name: yard-a, region: eu, data_dir: /var/lib/switchyard}
server: {listen: "0.0.0.0:9000", threads: 0x4, max_body: 64KiB, max_connections: 5, request_timeout: 1m, drain_timeout: 2s,
         header_timeout: 3s, idle_timeout: 4s, tls: {cert: c.pem, key: k.pem}}
admin: {listen: "[::1]:0", token: tok}
providers:
  mine:
    wire: openai
    base_url: http://10.0.0.1:8000/x/v1/
    keys: [{name: k, value: v, weight: 2, models: ["a*"], rpm: 1, tpm: 2, max_in_flight: 3, region: us, base_url: "http://10.0.0.2/"}]
    timeouts: {connect: 1ms, first_byte: 2ms, idle: 3ms, total: 4ms}
    breaker: {failure_rate: 1, min_requests: 7, window: 5ms, open_for: 6ms, max_open_for: 7ms, half_open_probes: 8}
    prices: {a.1: {input: 1, output: 2.5, cached_input: 0}, b: {}}
    retry: {attempts: 10, backoff: 8ms, max_backoff: 9ms, budget: 0}
    allow_private: true
routes:
  - {name: r, aliases: [x/r], stages: [{balance: {strategy: geo, targets: [mine/a1, {target: mine/a/b, weight: 0.5}]}}, {fallback: [mine/a2]}], baseline: mine/a1}
virtual_keys: [{name: t, key: secret, rpm: 1, tpm: 2, models: ["mine/*"], routes: [r], tags: {a: b}},
  {name: u, key: other, parent: t, budget: {usd: 0.5, period: week, mode: soft}, expires: "2027-01-31T12:00:00+02:00"}]
telemetry: {decision_log: {keep: 5, prompts: false}}
)");
  BOOST_TEST(config.node.name == "yard-a");
  BOOST_TEST(config.node.data_dir == "/var/lib/switchyard");
  BOOST_TEST((config.server.listen == listen_address{"0.0.0.0", 9000}));
  BOOST_TEST(config.server.threads == 4);
  BOOST_TEST(config.server.max_body == 65536u);
  BOOST_TEST(config.server.max_connections == 5);
  BOOST_TEST((config.server.request_timeout == seconds(60)));
  BOOST_TEST((config.server.drain_timeout == seconds(2)));
  BOOST_TEST((config.server.header_timeout == seconds(3)));
  BOOST_TEST((config.server.idle_timeout == seconds(4)));
  BOOST_TEST(config.server.tls.value().key == "k.pem");
  BOOST_TEST((config.admin.listen == listen_address{"::1", 0}));
  BOOST_TEST((config.admin.token.reveal() == "tok"));
  const auto& provider = config.providers.at(0);
  BOOST_TEST(provider.base_url == "http://10.0.0.1:8000/x");
  const auto& key = provider.keys.at(0);
  BOOST_TEST(key.max_in_flight == 3);
  BOOST_TEST(key.region == "us");
  BOOST_TEST(key.base_url == "http://10.0.0.2");
  BOOST_TEST((provider.timeouts.total == milliseconds(4)));
  BOOST_TEST(provider.breaker.half_open_probes == 8);
  BOOST_TEST(provider.breaker.failure_rate == 1.0);
  BOOST_TEST(provider.prices.at(0).first == "a.1");
  BOOST_TEST(provider.prices.at(0).second.cached_input.value() == 0.0);
  BOOST_TEST(!provider.prices.at(1).second.input.has_value());
  BOOST_TEST(provider.retry.attempts == 10);
  BOOST_TEST(provider.allow_private);
  const auto& route = config.routes.at(0);
  BOOST_TEST(route.aliases.at(0) == "x/r");
  BOOST_TEST(route.baseline == "mine/a1");
  const auto& balance = std::get<balance_stage_config>(route.stages.at(0).what);
  BOOST_TEST((balance.strategy == balance_strategy::geo));
  BOOST_TEST(balance.targets.at(1).target == "mine/a/b");
  BOOST_TEST(balance.targets.at(1).weight == 0.5);
  const auto& fallback = std::get<fallback_stage_config>(route.stages.at(1).what);
  BOOST_TEST(fallback.targets.at(0) == "mine/a2");
  BOOST_TEST(fallback.at.size() == 1u);
  const auto& virtual_key = config.virtual_keys.at(0);
  BOOST_TEST(virtual_key.tags.at("a") == "b");
  BOOST_TEST((virtual_key.key.reveal() == "secret"));
  BOOST_TEST(!virtual_key.budget.has_value());
  const auto& child = config.virtual_keys.at(1);
  BOOST_TEST(child.parent == "t");
  BOOST_TEST(child.budget.value().usd == 0.5);
  BOOST_TEST((child.budget->period == budget_period::week));
  BOOST_TEST((child.budget->mode == budget_mode::soft));
  BOOST_TEST(child.expires.value().time_since_epoch() / seconds(1) == 1'801'389'600);
  BOOST_TEST(config.telemetry.decisions_kept == 5u);
}

BOOST_AUTO_TEST_CASE(presets_fill_what_a_known_provider_leaves_out) {
  const auto config = loaded("providers: {groq: {keys: [{value: x}, {value: y}]}, ollama: {}, vllm: }");
  BOOST_TEST(config.providers.at(0).base_url == "https://api.groq.com/openai");
  BOOST_TEST(config.providers.at(0).keys.at(1).name == "groq-key-2");
  BOOST_TEST(config.providers.at(1).base_url == "http://127.0.0.1:11434");
  BOOST_TEST(config.providers.at(1).keys.at(0).name == "ollama-key-1");
  BOOST_TEST(config.providers.at(1).keys.at(0).value.empty());
  BOOST_TEST(config.providers.at(2).name == "vllm");
}

BOOST_AUTO_TEST_CASE(a_provider_of_another_wire_can_be_used_through_the_openai_one) {
  const auto config = loaded("providers: {anthropic: {wire: openai, base_url: 'https://api.anthropic.com/v1/', keys: [{value: x}]}}");
  BOOST_TEST((config.providers.at(0).wire == wire_format::openai));
  BOOST_TEST(config.providers.at(0).base_url == "https://api.anthropic.com");
}

BOOST_AUTO_TEST_CASE(a_model_may_hold_slashes) {
  const auto config = loaded(R"(
providers: {openrouter: {keys: [{value: x, models: [meta-llama/llama-3]}]}}
routes: [{name: r, stages: [{fallback: [openrouter/meta-llama/llama-3]}]}]
)");
  BOOST_TEST(std::get<fallback_stage_config>(config.routes.at(0).stages.at(0).what).targets.at(0) == "openrouter/meta-llama/llama-3");
}

BOOST_AUTO_TEST_CASE(secrets_come_from_the_file_the_environment_or_another_file) {
  const own_directory directory;
  const auto file = directory.write("key", "sk-from-file\r\n\n");
  const auto config = loaded("providers: {openai: {keys: [{value: sk-lit}, {value: env.MY_KEY}, {value: 'file:" + file + "'}]}}", {{"MY_KEY", "sk-env"}});
  const auto& keys = config.providers.at(0).keys;
  BOOST_TEST((keys.at(0).value.reveal() == "sk-lit"));
  BOOST_TEST((keys.at(1).value.reveal() == "sk-env"));
  BOOST_TEST((keys.at(2).value.reveal() == "sk-from-file"));
}

BOOST_AUTO_TEST_CASE(a_secret_file_that_cannot_serve_is_named_and_never_shown) {
  const own_directory directory;
  const auto problem_of = [&](const std::string& path) {
    const auto result = load("admin: {token: 'file:" + path + "'}");
    BOOST_TEST_REQUIRE(result.problems.size() == 1u);
    BOOST_TEST(result.problems[0].key == "admin.token");
    BOOST_TEST(result.problems[0].message.find("canary") == std::string::npos);
    return result.problems[0].message;
  };
  BOOST_TEST(problem_of((directory.path / "none").string()).find("does not exist") != std::string::npos);
  BOOST_TEST(problem_of(directory.path.string()).find("is not a regular file") != std::string::npos);
  BOOST_TEST(problem_of("/dev/zero").find("is not a regular file") != std::string::npos);
  BOOST_TEST(problem_of(directory.write("empty", "\n")).find("is empty") != std::string::npos);
  BOOST_TEST(problem_of(directory.write("two", "canary\ncanary\n")).find("line break") != std::string::npos);
  BOOST_TEST(problem_of(directory.write("long", std::string(70'000, 'x'))).find("64 KiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_named_in_its_problems) {
  const own_directory directory;
  const auto good = load_file(directory.write("a.json", std::string(seed)), variables({}));
  BOOST_TEST(good.value.has_value());
  const auto path = directory.write("b.yaml", "nodes: {}\n");
  const auto bad = load_file(path, variables({}));
  BOOST_TEST_REQUIRE(bad.problems.size() == 1u);
  BOOST_TEST(bad.problems[0].to_string() == path + ":1:1: nodes: unknown key, did you mean 'node'?");
}

BOOST_AUTO_TEST_CASE(an_unreadable_file_is_one_problem) {
  const own_directory directory;
  for (const auto& path : {(directory.path / "none.yaml").string(), directory.path.string()}) {
    const auto result = load_file(path, variables({}));
    BOOST_TEST(!result.value.has_value());
    BOOST_TEST_REQUIRE(result.problems.size() == 1u);
    BOOST_TEST(result.problems[0].to_string().starts_with(path + ": cannot be read: "), result.problems[0].to_string());
  }
}

BOOST_AUTO_TEST_CASE(a_readable_file_with_literal_secrets_is_warned_about) {
  const own_directory directory;
  const auto literal = directory.write("a.yaml", "providers: {openai: {keys: [{value: sk-canary}, {value: env.X}]}}\n");
  const auto reference = directory.write("b.yaml", "providers: {openai: {keys: [{value: env.X}]}}\n");
  BOOST_TEST_REQUIRE(::chmod(literal.c_str(), 0644) == 0);
  BOOST_TEST_REQUIRE(::chmod(reference.c_str(), 0644) == 0);
  const auto warnings = file_warnings(literal);
  BOOST_TEST_REQUIRE(warnings.size() == 1u);
  BOOST_TEST(warnings[0].key == "providers.openai.keys[0].value");
  BOOST_TEST(warnings[0].at.column == 37);
  BOOST_TEST(warnings[0].to_string().find("canary") == std::string::npos);
  BOOST_TEST(file_warnings(reference).empty());
  BOOST_TEST_REQUIRE(::chmod(literal.c_str(), 0600) == 0);
  BOOST_TEST(file_warnings(literal).empty());
  BOOST_TEST(file_warnings((directory.path / "none").string()).empty());
}

BOOST_AUTO_TEST_CASE(the_environment_gives_a_provider_per_key_variable) {
  const auto result = from_environment(variables({{"GROQ_API_KEY", "gsk"},
                                                  {"OPENAI_API_KEY", "sk"},
                                                  {"MISTRAL_API_KEY", ""},
                                                  {"ANTHROPIC_API_KEY", "a"},
                                                  {"AWS_ACCESS_KEY_ID", "b"}}));
  BOOST_TEST_REQUIRE(result.value.has_value());
  const auto& providers = result.value->providers;
  BOOST_TEST_REQUIRE(providers.size() == 3u);
  BOOST_TEST(providers[2].name == "anthropic");
  BOOST_TEST((providers[2].wire == wire_format::anthropic));
  BOOST_TEST(providers[0].name == "openai");
  BOOST_TEST(providers[0].base_url == "https://api.openai.com");
  BOOST_TEST(providers[0].keys.at(0).name == "openai-env");
  BOOST_TEST((providers[0].keys.at(0).value.reveal() == "sk"));
  BOOST_TEST(providers[1].name == "groq");
  BOOST_TEST(!result.value->node.name.empty());
}

BOOST_AUTO_TEST_CASE(cohere_is_reached_by_its_own_format_where_that_is_asked_for) {
  const auto config = loaded("providers: {cohere: {keys: [{value: a}]}, native: {wire: cohere, keys: [{value: b}]}, elsewhere: {wire: cohere, base_url: 'http://127.0.0.1:9', keys: [{value: c}]}}");
  BOOST_TEST((config.providers.at(0).wire == wire_format::openai));
  BOOST_TEST(config.providers.at(0).base_url == "https://api.cohere.ai/compatibility");
  BOOST_TEST((config.providers.at(1).wire == wire_format::cohere));
  BOOST_TEST(config.providers.at(1).base_url == "https://api.cohere.com");
  BOOST_TEST(config.providers.at(2).base_url == "http://127.0.0.1:9");
}

BOOST_AUTO_TEST_CASE(a_bedrock_keys_region_makes_its_address) {
  const auto config = loaded("providers: {bedrock: {keys: [{access_key_id: AKID, secret_access_key: canary/+=, session_token: tok, region: eu-west-1},"
                             "{value: api-key, region: cn-north-1}, {value: api-key, base_url: 'http://127.0.0.1:9'}]}}");
  const auto& provider = config.providers.at(0);
  BOOST_TEST((provider.wire == wire_format::bedrock));
  BOOST_TEST(provider.keys.at(0).base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com");
  BOOST_TEST((provider.keys.at(0).access_key_id.reveal() == "AKID"));
  BOOST_TEST((provider.keys.at(0).secret_access_key.reveal() == "canary/+="));
  BOOST_TEST((provider.keys.at(0).session_token.reveal() == "tok"));
  BOOST_TEST(provider.keys.at(1).base_url == "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
  BOOST_TEST(provider.keys.at(2).base_url == "http://127.0.0.1:9");
  const auto shown = to_json(config);
  BOOST_TEST(shown.find("canary") == std::string::npos);
  BOOST_TEST(shown.find("AKID") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_whole_set_of_aws_variables_gives_bedrock) {
  const auto result = from_environment(variables({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}, {"AWS_REGION", "us-west-2"}}));
  BOOST_TEST_REQUIRE(result.value.has_value());
  BOOST_TEST_REQUIRE(result.value->providers.size() == 1u);
  const auto& provider = result.value->providers[0];
  BOOST_TEST(provider.name == "bedrock");
  BOOST_TEST(provider.keys.at(0).name == "bedrock-env");
  BOOST_TEST(provider.keys.at(0).region == "us-west-2");
  BOOST_TEST(provider.keys.at(0).base_url == "https://bedrock-runtime.us-west-2.amazonaws.com");
  BOOST_TEST((provider.keys.at(0).session_token.reveal() == "t"));
  const auto bearer = from_environment(variables({{"AWS_BEARER_TOKEN_BEDROCK", "b"}, {"AWS_DEFAULT_REGION", "us-west-2"}}));
  BOOST_TEST_REQUIRE(bearer.value.has_value());
  BOOST_TEST((bearer.value->providers.at(0).keys.at(0).value.reveal() == "b"));
  BOOST_TEST(from_environment(variables({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_REGION", "us-west-2"}})).value->providers.empty());
  BOOST_TEST(from_environment(variables({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "s"}})).value->providers.empty());
  const auto odd = from_environment(variables({{"AWS_BEARER_TOKEN_BEDROCK", "b"}, {"AWS_REGION", "evil.com/"}}));
  BOOST_TEST_REQUIRE(odd.problems.size() == 1u);
  BOOST_TEST(odd.problems[0].key == "AWS_REGION");
}

BOOST_AUTO_TEST_CASE(an_empty_environment_gives_no_provider) {
  const auto result = from_environment(variables({}));
  BOOST_TEST_REQUIRE(result.value.has_value());
  BOOST_TEST(result.value->providers.empty());
}

BOOST_AUTO_TEST_CASE(an_unusable_variable_is_named_and_its_value_not_shown) {
  const auto result = from_environment(variables({{"OPENAI_API_KEY", "sk canary\n"}}));
  BOOST_TEST(!result.value.has_value());
  BOOST_TEST_REQUIRE(result.problems.size() == 1u);
  const auto line = result.problems[0].to_string();
  BOOST_TEST(line.starts_with("environment: OPENAI_API_KEY: "), line);
  BOOST_TEST(line.find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_variable_that_serves_other_programs_brings_no_provider_in) {
  const auto result = from_environment(variables({{"GITHUB_TOKEN", "x"}, {"HF_TOKEN", "y"}, {"AZURE_OPENAI_API_KEY", "z"}, {"MISTRAL_API_KEY", "k"}}));
  BOOST_TEST_REQUIRE(result.value.has_value());
  BOOST_TEST_REQUIRE(result.value->providers.size() == 1u);
  BOOST_TEST(result.value->providers[0].name == "mistral");
}

BOOST_AUTO_TEST_SUITE_END()
