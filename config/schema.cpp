// One table per section of the file. A new option is a member in config.hpp and a row here.
#include "config/schema.hpp"

#include "config/cluster.hpp"
#include "config/sections.hpp"
#include "config/signal_words.hpp"

namespace switchyard::config {

namespace {

constexpr std::int64_t unlimited_enough = 1'000'000'000'000;
constexpr double heaviest = 1'000'000;

template <class T>
rule_ptr<std::vector<T>> list(rule_ptr<T> item, std::size_t least = 0) {
  return std::make_shared<list_of<T>>(std::move(item), least);
}

bool is_shown_text(std::string_view text) noexcept {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

constexpr name_form provider_names{"a name of letters, digits, '.', '_' and '-', at most 128", "^[A-Za-z0-9._-]{1,128}$", is_name};
constexpr name_form any_names{"a text without control characters", "^.+$", is_shown_text};

struct providers_access {
  static provider_config& add(std::vector<provider_config>& all, const std::string& name) {
    all.emplace_back().name = name;
    return all.back();
  }
  static const std::string& name_of(const provider_config& item) { return item.name; }
  static const provider_config& value_of(const provider_config& item) { return item; }
};

using price_list = std::vector<std::pair<std::string, price_config>>;
struct prices_access {
  static price_config& add(price_list& all, const std::string& name) { return all.emplace_back(name, price_config{}).second; }
  static const std::string& name_of(const price_list::value_type& item) { return item.first; }
  static const price_config& value_of(const price_list::value_type& item) { return item.second; }
};

rule_ptr<node_section> node_table() {
  return std::make_shared<section<node_section>>(std::vector<field<node_section>>{
      {"name", &node_section::name, optional_name(), "This node's name; left out: the host's name."},
      {"region", &node_section::region, label(), "Where this node runs; geo balancing prefers keys of the same region."},
      {"data_dir", &node_section::data_dir, path(), "Directory for what this node keeps on disk."},
  });
}

rule_ptr<std::optional<tls_files>> tls_table() {
  const auto files = std::make_shared<section<tls_files>>(std::vector<field<tls_files>>{
      {"cert", &tls_files::cert, path(), "PEM file: the certificate chain, the server's own first.", presence::required},
      {"key", &tls_files::key, path(), "PEM file: the private key.", presence::required},
  });
  return std::make_shared<optional_of<tls_files>>(files);
}

rule_ptr<server_section> server_table() {
  return std::make_shared<section<server_section>>(
      std::vector<field<server_section>>{
          {"listen", &server_section::listen, address(), "Where clients connect. Port 0 asks for a free one."},
          {"threads", &server_section::threads, integer<int>(0, 256), "I/O threads; 0: one per core."},
          {"max_body", &server_section::max_body, size(1, 16ull << 30), "Largest request body."},
          {"max_connections", &server_section::max_connections, integer<int>(1, 1'000'000), "Open client connections at most."},
          {"request_timeout", &server_section::request_timeout, duration(), "Longest time for a whole request, retries included."},
          {"drain_timeout", &server_section::drain_timeout, duration(), "On SIGTERM, longest wait for requests in flight."},
          {"header_timeout", &server_section::header_timeout, duration(), "From a request's first byte to the end of its head."},
          {"idle_timeout", &server_section::idle_timeout, duration(), "Keep-alive without a request; also a stalled read or write."},
          {"tls", &server_section::tls, tls_table(), "Serve HTTPS with these files."},
      },
      section_extras<server_section>{.foreign = {{"port", "listen"}, {"host", "listen"}, {"address", "listen"}, {"bind", "listen"}}});
}

rule_ptr<admin_section> admin_table() {
  return std::make_shared<section<admin_section>>(std::vector<field<admin_section>>{
      {"listen", &admin_section::listen, address(), "Admin API, metrics and dashboard."},
      {"token", &admin_section::token, credential(), "Bearer token; required unless listen is a loopback address."},
  });
}

rule_ptr<key_config> key_table() {
  return std::make_shared<section<key_config>>(
      std::vector<field<key_config>>{
          {"name", &key_config::name, optional_name(), "Unique over all providers; left out: <provider>-key-<n>."},
          {"value", &key_config::value, credential(), "The credential: itself, env.NAME or file:/path."},
          {"access_key_id", &key_config::access_key_id, credential(), "Bedrock: of an AWS access key; itself, env.NAME or file:/path."},
          {"secret_access_key", &key_config::secret_access_key, credential(), "Bedrock: the other half of the access key."},
          {"session_token", &key_config::session_token, credential(), "Bedrock: of temporary credentials."},
          {"weight", &key_config::weight, number(0, heaviest), "Share among the provider's keys; 0: only when nothing else is left."},
          {"models", &key_config::models, list(model_pattern()), "Models this key serves; a trailing * matches a prefix; empty: all."},
          {"rpm", &key_config::rpm, integer<std::int64_t>(0, unlimited_enough), "Requests a minute; 0: unlimited."},
          {"tpm", &key_config::tpm, integer<std::int64_t>(0, unlimited_enough), "Tokens a minute; 0: unlimited."},
          {"max_in_flight", &key_config::max_in_flight, integer<int>(0, 1'000'000), "Requests at the same time; 0: unlimited."},
          {"region", &key_config::region, label(), "Where this key's endpoint is, for geo balancing; Bedrock: the AWS region."},
          {"base_url", &key_config::base_url, optional_base_url(), "This key's own endpoint; left out: the provider's."},
      },
      section_extras<key_config>{
          .at = &key_config::at,
          .absent = {{"auth", "a key has one value; how it is sent is the provider's auth"}},
          .foreign = {{"api_key", "value"}, {"apiKey", "value"}, {"key", "value"}, {"secret", "value"}, {"token", "value"},
                      {"api_base", "base_url"}, {"url", "base_url"}, {"endpoint", "base_url"}, {"aws_access_key_id", "access_key_id"},
                      {"aws_secret_access_key", "secret_access_key"}, {"aws_session_token", "session_token"}, {"aws_region", "region"}}});
}

rule_ptr<timeouts_config> timeouts_table() {
  return std::make_shared<section<timeouts_config>>(std::vector<field<timeouts_config>>{
      {"connect", &timeouts_config::connect, duration(), "To connect, TLS included."},
      {"first_byte", &timeouts_config::first_byte, duration(), "From the request sent to the first byte of the answer."},
      {"idle", &timeouts_config::idle, duration(), "Between two pieces of an answer."},
      {"total", &timeouts_config::total, duration(), "The whole call."},
  });
}

rule_ptr<breaker_config> breaker_table() {
  return std::make_shared<section<breaker_config>>(std::vector<field<breaker_config>>{
      {"failure_rate", &breaker_config::failure_rate, number(0, 1, lower_bound::excluded), "Share of failed calls that opens the breaker."},
      {"min_requests", &breaker_config::min_requests, integer<int>(1, 1'000'000), "Calls in the window before the rate counts."},
      {"window", &breaker_config::window, duration(), "Sliding window of the rate."},
      {"open_for", &breaker_config::open_for, duration(), "First time it stays open; doubles with each re-opening."},
      {"max_open_for", &breaker_config::max_open_for, duration(), "Longest time it stays open."},
      {"half_open_probes", &breaker_config::half_open_probes, integer<int>(1, 1000), "Trial calls that must succeed before it closes."},
  });
}

rule_ptr<price_list> prices_table() {
  const auto price = std::make_shared<section<price_config>>(std::vector<field<price_config>>{
      {"input", &price_config::input, optional_number(0, 1'000'000), "USD per million input tokens."},
      {"output", &price_config::output, optional_number(0, 1'000'000), "USD per million output tokens."},
      {"cached_input", &price_config::cached_input, optional_number(0, 1'000'000), "USD per million cached input tokens."},
      {"cache_write", &price_config::cache_write, optional_number(0, 1'000'000), "USD per million input tokens written to a cache."},
      {"per_request", &price_config::per_request, optional_number(0, 1'000'000), "USD a request."},
      {"per_image", &price_config::per_image, optional_number(0, 1'000'000), "USD a generated image."},
  });
  return std::make_shared<map_by_name<price_list, price_config, prices_access>>(any_names, price);
}

rule_ptr<std::string> api_version() {
  const auto fits = [](std::string_view value) {
    return value.size() <= 40 && value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
  };
  return text({.expected = "an Azure API version such as \"2024-10-21\" or preview",
               .pattern = "^[a-z0-9.-]{1,40}$",
               .fits = fits,
               .may_be_empty = true});
}

rule_ptr<retry_config> retry_table() {
  return std::make_shared<section<retry_config>>(std::vector<field<retry_config>>{
      {"attempts", &retry_config::attempts, integer<int>(1, 10), "Tries per target, the first included."},
      {"backoff", &retry_config::backoff, duration(), "Wait before a key is tried again; doubles, with jitter."},
      {"max_backoff", &retry_config::max_backoff, duration(), "Longest such wait."},
      {"budget", &retry_config::budget, number(0, 1), "Retries as a share of the requests of the last 10 s."},
  });
}

rule_ptr<std::vector<provider_config>> providers_table() {
  using wire_words = std::vector<std::pair<std::string_view, wire_format>>;
  const auto wire = std::make_shared<choice<wire_format>>(
      wire_words{{"openai", wire_format::openai}, {"anthropic", wire_format::anthropic}, {"gemini", wire_format::gemini}, {"bedrock", wire_format::bedrock}, {"cohere", wire_format::cohere}});
  using auth_words = std::vector<std::pair<std::string_view, auth_form>>;
  const auto auth = std::make_shared<choice<auth_form>>(
      auth_words{{"by_wire", auth_form::by_wire}, {"api_key", auth_form::api_key}, {"bearer", auth_form::bearer}});
  using native_words = std::vector<std::pair<std::string_view, native_api>>;
  const auto native = std::make_shared<choice<native_api>>(
      native_words{{"chat_completions", native_api::chat_completions}, {"responses", native_api::responses}});
  const auto provider = std::make_shared<section<provider_config>>(
      std::vector<field<provider_config>>{
          {"wire", &provider_config::wire, wire, "The provider's API format; left out: by the provider's name."},
          {"auth", &provider_config::auth, auth,
           "How keys are sent: api_key (the API's own header) or bearer (OAuth tokens, such as Vertex AI's); by_wire: as the API expects."},
          {"base_url", &provider_config::base_url, base_url(), "http(s)://host[:port][/prefix]; left out: by the provider's name."},
          {"keys", &provider_config::keys, list(key_table(), 1), "Left out: one key without a credential, where none is needed."},
          {"timeouts", &provider_config::timeouts, timeouts_table(), "Limits of one call."},
          {"breaker", &provider_config::breaker, breaker_table(), "When a key is taken out, and for how long."},
          {"prices", &provider_config::prices, prices_table(), "By model; overrides the built-in prices."},
          {"retry", &provider_config::retry, retry_table(), "Trying again after a failure."},
          {"allow_private", &provider_config::allow_private, boolean(), "Its host's name may lead to a private address; IPs and localhost always may."},
          {"api_version", &provider_config::api_version, api_version(),
           "Azure: the api-version of its deployment paths; left out: its /openai/v1."},
          {"native_api", &provider_config::native_api, native,
           "OpenAI's API that requests of others are translated into; responses: chat completions, too, for models that only it serves."},
          {"responses_api", &provider_config::responses_api, optional_boolean(),
           "Does the provider speak /v1/responses itself? Left out: by the provider's name, else yes."},
      },
      section_extras<provider_config>{
          .at = &provider_config::at,
          .foreign = {{"api_base", "base_url"}, {"url", "base_url"}, {"endpoint", "base_url"}, {"api_key", "keys"},
                      {"type", "wire"}, {"format", "wire"}, {"timeout", "timeouts"}, {"retries", "retry"}}});
  return std::make_shared<map_by_name<std::vector<provider_config>, provider_config, providers_access>>(provider_names, provider);
}

rule_ptr<std::vector<route_config>> routes_table() {
  const auto alias = text({"a name without blanks, at most 128", R"(^\S{1,128}$)", [](std::string_view name) {
                             return name.size() <= 128 && name.find(' ') == std::string_view::npos;
                           }});
  const auto route = std::make_shared<section<route_config>>(
      std::vector<field<route_config>>{
          {"name", &route_config::name, name(), "What clients put in \"model\" to take this route.", presence::required},
          {"aliases", &route_config::aliases, list(alias), "Other names of the route; these may hold a slash."},
          {"stages", &route_config::stages, stages(), "What happens to a request, in this order."},
          {"baseline", &route_config::baseline, or_nothing(target_name()),
           "provider/model that savings are counted against: what every request would have cost there."},
      },
      section_extras<route_config>{.at = &route_config::at});
  return list<route_config>(route);
}


rule_ptr<telemetry_section> telemetry_table() {
  static_assert(std::is_same_v<std::size_t, std::uint64_t>);
  const auto decision_log = std::make_shared<section<telemetry_section>>(std::vector<field<telemetry_section>>{
      {"keep", &telemetry_section::decisions_kept, integer<std::uint64_t>(0, 10'000'000), "Decisions kept for the admin API."},
      {"prompts", &telemetry_section::decisions_with_prompts, boolean(),
       "Keep the newest prompts with their decisions, in memory only: for `switchyardctl suggest`."},
  });
  return std::make_shared<section<telemetry_section>>(
      std::vector<field<telemetry_section>>{{"decision_log", decision_log, "The last routing decisions."}},
      section_extras<telemetry_section>{.absent = {{"otlp", "available: decision_log; metrics are at /metrics of the admin port"}}});
}

rule_ptr<cache_section> cache_table() {
  return std::make_shared<section<cache_section>>(std::vector<field<cache_section>>{
      {"max_entries", &cache_section::max_entries, integer<std::uint64_t>(0, 10'000'000), "Answers kept; the least recently used go first. 0: none."},
      {"max_size", &cache_section::max_size, size(1u << 20, 1ull << 40), "Memory for answers and prompts."},
  });
}

rule_ptr<ledger_section> ledger_table() {
  using words = std::vector<std::pair<std::string_view, ledger_durability>>;
  const auto durability = std::make_shared<choice<ledger_durability>>(words{{"async", ledger_durability::async}, {"sync", ledger_durability::sync}});
  return std::make_shared<section<ledger_section>>(std::vector<field<ledger_section>>{
      {"durability", &ledger_section::durability, durability,
       "async: requests never wait for the disk; sync: an answer's last byte waits until its row is on disk."},
      {"retention", &ledger_section::retention, duration(), "Rows older than this are dropped, by whole days."},
  });
}

rule_ptr<config> file_table() {
  constexpr std::string_view sections = "available: node, server, admin, providers, routes, virtual_keys, telemetry, ledger, cache, cluster";
  return std::make_shared<section<config>>(
      std::vector<field<config>>{
          {"node", &config::node, node_table(), "This node."},
          {"server", &config::server, server_table(), "The data plane: what clients talk to."},
          {"admin", &config::admin, admin_table(), "Admin API, metrics, dashboard."},
          {"providers", &config::providers, providers_table(), "By name: openai, groq, ollama, ... or a name of your own with base_url."},
          {"routes", &config::routes, routes_table(), "Names a client can ask for instead of a model, and what they do."},
          {"virtual_keys", &config::virtual_keys, list<virtual_key_config>(virtual_key(credential_given::yes)),
           "Credentials for clients; none here and none by the admin API: any is accepted."},
          {"telemetry", &config::telemetry, telemetry_table(), "What is recorded about requests."},
          {"ledger", &config::ledger, ledger_table(), "What every call cost, kept in node.data_dir."},
          {"cache", &config::cache, cache_table(), "Bounds of the semantic cache, all routes together."},
          {"cluster", &config::cluster, cluster_table(), "Other nodes with which this one shares limits, budgets and health."},
      },
      section_extras<config>{.absent = {{"experiments", sections}, {"embedding", sections}}});
}

}  // namespace

void describe_nullable(std::string_view type, json_writer& out) {
  out.key("type");
  out.begin_list();
  out.text(type);
  out.text("null");
  out.end_list();
}

const rule<config>& whole_file() {
  static const rule_ptr<config> table = file_table();
  return *table;
}

}  // namespace switchyard::config
