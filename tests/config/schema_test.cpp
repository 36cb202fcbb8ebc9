#include "config/load.hpp"

#include "tests/config/support.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(schema)

namespace json = boost::json;
using namespace switchyard::config;
using namespace switchyard::config::testing;

namespace {

/// Every key that a "properties" object of the schema names.
void collect_keys(const json::value& schema, std::set<std::string>& into) {
  if (const auto* list = schema.if_array())
    for (const auto& item : *list) collect_keys(item, into);
  const auto* object = schema.if_object();
  if (!object) return;
  for (const auto& member : *object) {
    if (member.key() == "properties")
      for (const auto& property : member.value().as_object()) into.insert(std::string(property.key()));
    collect_keys(member.value(), into);
  }
}

switchyard::config::config example() {
  auto result = load_text(example_yaml(), "example.yaml", example_variables());
  BOOST_TEST_REQUIRE(result.value.has_value(), listed(result.problems));
  return std::move(*result.value);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_schema_is_json_of_its_dialect) {
  const auto schema = json::parse(json_schema()).as_object();
  BOOST_TEST(schema.at("$schema").as_string() == "https://json-schema.org/draft/2020-12/schema");
  BOOST_TEST(schema.at("additionalProperties").as_bool() == false);
}

BOOST_AUTO_TEST_CASE(the_schema_lists_every_key) {
  std::set<std::string> keys;
  collect_keys(json::parse(json_schema()), keys);
  const std::set<std::string> expected{
      "node", "server", "admin", "providers", "routes", "virtual_keys", "telemetry", "name", "region", "data_dir", "listen", "threads",
      "max_body", "max_connections", "request_timeout", "drain_timeout", "header_timeout", "idle_timeout", "tls", "cert", "key", "token",
      "wire", "auth", "base_url", "keys", "timeouts", "breaker", "prices", "retry", "allow_private", "value", "access_key_id", "secret_access_key", "session_token", "weight", "models", "rpm", "tpm", "max_in_flight",
      "connect", "first_byte", "idle", "total", "failure_rate", "min_requests", "window", "open_for", "max_open_for", "half_open_probes",
      "input", "output", "cached_input", "cache_write", "per_request", "per_image", "api_version", "responses_api", "native_api",
      "attempts", "backoff", "max_backoff", "budget", "aliases", "stages", "balance", "fallback",
      "baseline", "guard", "pii", "pii_kinds", "jailbreak", "jailbreak_threshold", "harmful", "harmful_threshold", "answers",
      "semantic", "threshold", "margin", "top_k", "model", "embedding", "provider", "timeout", "categories", "examples", "intent", "domain_model", "rules", "when",
      "domain", "complexity", "format", "safety.pii", "safety.jailbreak", "safety.harmful", "tokens.input", "tokens.output", "language", "turns",
      "images", "user", "tools",
      "strategy", "targets", "target", "tags", "decision_log", "keep", "prompts", "ledger", "durability", "retention",
      "cache", "ttl", "scope", "max_wrong_rate", "verify_share", "max_entries", "max_size",
      "parent", "expires", "usd", "period", "mode", "cluster", "members", "seeds", "ca"};
  for (const auto& key : expected) BOOST_TEST(keys.contains(key), key);
  for (const auto& key : keys) BOOST_TEST(expected.contains(key), key);
  for (const auto& key : keys) BOOST_TEST(std::isalpha(static_cast<unsigned char>(key.front())), key);
}

BOOST_AUTO_TEST_CASE(the_schema_tells_defaults_and_ranges) {
  const auto schema = json::parse(json_schema());
  const auto& threads = schema.at_pointer("/properties/server/properties/threads");
  BOOST_TEST(threads.at("default").as_int64() == 0);
  BOOST_TEST(threads.at("maximum").as_int64() == 256);
  BOOST_TEST(schema.at_pointer("/properties/server/properties/max_body/default").as_string() == "20MiB");
  BOOST_TEST(schema.at_pointer("/properties/admin/properties/listen/default").as_string() == "127.0.0.1:8081");
  const auto& provider = schema.at_pointer("/properties/providers/additionalProperties/properties");
  BOOST_TEST(provider.at_pointer("/breaker/properties/max_open_for/default").as_string() == "2m");
  BOOST_TEST(provider.at_pointer("/wire/enum").as_array().size() == 5u);
  BOOST_TEST(schema.at_pointer("/properties/routes/items/required").as_array().at(0).as_string() == "name");
}

BOOST_AUTO_TEST_CASE(the_example_loads_without_a_problem) {
  const auto config = example();
  BOOST_TEST(config.providers.size() == 3u);
  BOOST_TEST(config.providers.at(1).keys.at(0).base_url == "http://127.0.0.1:11434");
  BOOST_TEST(config.routes.at(0).stages.size() == 6u);
}

BOOST_AUTO_TEST_CASE(the_example_holds_every_key_of_the_schema) {
  std::set<std::string> keys;
  collect_keys(json::parse(json_schema()), keys);
  const auto text = example_yaml();
  for (const auto& key : keys) {
    bool found = false;
    for (auto at = text.find(key + ":"); at != std::string::npos && !found; at = text.find(key + ":", at + 1))
      found = at == 0 || std::string_view(" {\n").find(text[at - 1]) != std::string_view::npos;
    BOOST_TEST(found, key);
  }
}

BOOST_AUTO_TEST_CASE(what_the_example_comments_out_would_load_too) {
  auto text = example_yaml();
  const auto at = text.find("# tls:");
  BOOST_TEST_REQUIRE(at != std::string::npos);
  const auto result = load_text(text.erase(at, 2), "example.yaml", example_variables());
  BOOST_TEST_REQUIRE(result.value.has_value(), listed(result.problems));
  BOOST_TEST(result.value->server.tls.has_value());
}

BOOST_AUTO_TEST_CASE(the_example_agrees_with_the_defaults) {
  const auto config = example();
  const switchyard::config::config defaults;
  BOOST_TEST((config.server.listen == defaults.server.listen));
  BOOST_TEST(config.server.max_body == defaults.server.max_body);
  BOOST_TEST((config.server.idle_timeout == defaults.server.idle_timeout));
  BOOST_TEST(config.telemetry.decisions_kept == defaults.telemetry.decisions_kept);
  const auto& provider = config.providers.at(0);
  const provider_config plain;
  BOOST_TEST((provider.timeouts.first_byte == plain.timeouts.first_byte));
  BOOST_TEST((provider.breaker.max_open_for == plain.breaker.max_open_for));
  BOOST_TEST(provider.retry.budget == plain.retry.budget);
}

BOOST_AUTO_TEST_CASE(the_effective_config_never_shows_a_secret) {
  const auto shown = to_json(example());
  BOOST_TEST(shown.find("canary") == std::string::npos);
  const auto effective = json::parse(shown);
  BOOST_TEST(effective.at_pointer("/admin/token").as_string() == "***");
  BOOST_TEST(effective.at_pointer("/providers/openai/keys/0/value").as_string() == "***");
  BOOST_TEST(effective.at_pointer("/providers/ollama/keys/0/value").is_null());
  BOOST_TEST(effective.at_pointer("/virtual_keys/0/key").as_string() == "***");
}

BOOST_AUTO_TEST_CASE(the_effective_config_has_the_defaults_filled_in) {
  const auto result = load("{}");
  const auto effective = json::parse(to_json(result.value.value()));
  BOOST_TEST(effective.at_pointer("/server/request_timeout").as_string() == "10m");
  BOOST_TEST(effective.at_pointer("/admin/token").is_null());
  BOOST_TEST(effective.at_pointer("/server/tls").is_null());
  BOOST_TEST(effective.at_pointer("/telemetry/decision_log/keep").as_int64() == 10000);
}

BOOST_AUTO_TEST_CASE(the_effective_config_loads_as_itself) {
  const auto shown = to_json(example());
  auto text = shown;
  const auto second_key = text.rfind("\"***\"");   // masked, the two virtual keys would be the same one
  const auto again = load(text.replace(second_key, 5, "\"+++\""));
  BOOST_TEST_REQUIRE(again.value.has_value(), listed(again.problems));
  BOOST_TEST(to_json(*again.value) == shown);
}

BOOST_AUTO_TEST_CASE(text_is_escaped_in_the_effective_config) {
  const auto result = load("node: {region: 'a\"b\\c', data_dir: \"\xc3\xa9\"}");
  const auto effective = json::parse(to_json(result.value.value()));
  BOOST_TEST(effective.at_pointer("/node/region").as_string() == "a\"b\\c");
  BOOST_TEST(effective.at_pointer("/node/data_dir").as_string() == "\xc3\xa9");
}

BOOST_AUTO_TEST_SUITE_END()
