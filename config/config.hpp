// The configuration as plain structs: what load() gives and everything else reads. One struct per section of the file.
#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "config/source_position.hpp"
#include "config/stage_configs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::config {

/// "127.0.0.1:8080", "[::1]:8080"; port 0 asks for a free one.
struct listen_address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  friend bool operator==(const listen_address&, const listen_address&) = default;
};

struct tls_files {
  std::string cert;  ///< PEM path
  std::string key;   ///< PEM path
};

struct node_section {
  std::string name;    ///< default: the host's name
  std::string region;
  std::string data_dir = "./data";
};

struct server_section {
  listen_address listen{"127.0.0.1", 8080};
  int threads = 0;                               ///< 0: one per core
  std::uint64_t max_body = 20ull << 20;          ///< bytes
  int max_connections = 10000;
  milliseconds request_timeout = seconds(600);
  milliseconds drain_timeout = seconds(30);
  milliseconds header_timeout = seconds(10);     ///< from the first byte of a request to the end of its head
  milliseconds idle_timeout = seconds(75);       ///< keep-alive without a request; also a stalled read or write
  std::optional<tls_files> tls;
};

struct admin_section {
  listen_address listen{"127.0.0.1", 8081};
  secret token;                                  ///< empty: none; then only a loopback listen address is allowed
};

enum class wire_format { openai, anthropic, gemini, bedrock, cohere };

/// How a key is presented: in the field the wire's own API has for it (x-api-key, x-goog-api-key, api-key), or as a bearer token.
enum class auth_form { by_wire, api_key, bearer };
/// Which of OpenAI's APIs a provider is asked by.
enum class native_api { chat_completions, responses };

struct key_config {
  std::string name;
  secret value;                                  ///< may be empty for providers without credentials
  secret access_key_id;                          ///< Bedrock: signs requests, with the next one; then `value` is empty
  secret secret_access_key;
  secret session_token;                          ///< Bedrock: of temporary credentials; else empty
  double weight = 1.0;                           ///< >= 0; 0: only when nothing else is left
  std::vector<std::string> models;               ///< empty: every model; a trailing * is a prefix match
  std::int64_t rpm = 0;                          ///< requests a minute; 0: unlimited
  std::int64_t tpm = 0;                          ///< tokens a minute; 0: unlimited
  int max_in_flight = 0;                         ///< 0: unlimited
  std::string region;                            ///< Bedrock: the AWS region, which signatures name
  std::string base_url;                          ///< empty: the provider's
  source_position at;
};

/// What must never be repeated of a key.
[[nodiscard]] inline const secret& secret_of(const key_config& key) noexcept { return key.value.empty() ? key.secret_access_key : key.value; }
/// Do both prove the same to a provider?
[[nodiscard]] inline bool have_same_credential(const key_config& a, const key_config& b) noexcept {
  return a.value == b.value && a.access_key_id == b.access_key_id && a.secret_access_key == b.secret_access_key &&
         a.session_token == b.session_token;
}

struct timeouts_config {
  milliseconds connect = seconds(2);
  milliseconds first_byte = seconds(60);
  milliseconds idle = seconds(60);
  milliseconds total = seconds(600);
};

struct breaker_config {
  double failure_rate = 0.5;                     ///< (0, 1]
  int min_requests = 10;
  milliseconds window = seconds(10);
  milliseconds open_for = seconds(5);
  milliseconds max_open_for = seconds(120);
  int half_open_probes = 2;
};

/// As in a provider's price list; tokens in USD per million. A missing figure is unknown, not 0. A row stands for the whole of a
/// model's prices: nothing of the catalogue is mixed in.
struct price_config {
  std::optional<double> input;
  std::optional<double> output;
  std::optional<double> cached_input;
  std::optional<double> cache_write = {};
  std::optional<double> per_request = {};        ///< USD a request
  std::optional<double> per_image = {};          ///< USD a generated image
};

struct retry_config {
  int attempts = 2;                              ///< tries per target, the first included
  milliseconds backoff = milliseconds(100);      ///< before a try on a key that was tried already; doubles, with jitter
  milliseconds max_backoff = seconds(2);
  double budget = 0.2;                           ///< retries as a share of the requests of the last 10 s
};

struct provider_config {
  std::string name;
  wire_format wire = wire_format::openai;
  auth_form auth = auth_form::by_wire;
  std::string base_url;                          ///< "https://host[:port][/prefix]", no trailing slash; filled from the preset table by load()
  std::vector<key_config> keys;                  ///< at least one
  timeouts_config timeouts;
  breaker_config breaker;
  std::vector<std::pair<std::string, price_config>> prices;
  retry_config retry;
  bool allow_private = false;                    ///< its host's name may resolve to an address that is not public
  std::string api_version;                       ///< Azure's "2024-10-21": deployment paths; empty: its /openai/v1
  std::optional<bool> responses_api;             ///< speaks /v1/responses itself; nullopt: by the preset table
  config::native_api native_api = native_api::chat_completions;   ///< what requests of other APIs are translated into
  source_position at;
};

struct route_config {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<stage_config> stages;
  std::string baseline;                          ///< "provider/model" that savings are counted against; empty: none
  source_position at;
};

/// When what was spent counts from nought again: at the period's start in UTC, a week's on Monday; total: never.
enum class budget_period { hour, day, week, month, total };
/// hard: never above; soft: a cluster may go above by a stated bound.
enum class budget_mode { hard, soft };

/// budget: {usd: 100, period: month}
struct budget_config {
  double usd = 0;                                ///< above 0
  budget_period period = budget_period::month;
  budget_mode mode = budget_mode::hard;
};

struct virtual_key_config {
  std::string name;
  secret key;
  std::string parent;                            ///< name of the virtual key whose limits hold for this one too; empty: none
  std::optional<budget_config> budget;
  std::optional<wall_time> expires;              ///< refused from then on
  std::int64_t rpm = 0;
  std::int64_t tpm = 0;
  std::vector<std::string> models;               ///< patterns "openai/*"; empty: all
  std::vector<std::string> routes;               ///< route names; empty: all
  std::map<std::string, std::string> tags;
  source_position at;
};

struct telemetry_section {
  std::size_t decisions_kept = 10000;            ///< telemetry.decision_log.keep
  bool decisions_with_prompts = false;           ///< telemetry.decision_log.prompts
};

enum class ledger_durability { sync, async };

struct ledger_section {
  ledger_durability durability = ledger_durability::async;
  milliseconds retention = std::chrono::hours(24 * 90);
};

/// Bounds of the semantic cache, all routes together; the least recently used go first.
struct cache_section {
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_size = 256ull << 20;         ///< bytes of stored answers
};

/// Of the links between nodes.
struct cluster_tls {
  std::string ca;                                ///< PEM path: of a CA used for nothing else
  std::string cert;                              ///< PEM path: its name is the node's
  std::string key;                               ///< PEM path
};

struct cluster_section {
  std::string name = "switchyard";               ///< nodes of another cluster are refused
  std::vector<std::string> members;              ///< names of all nodes, this one included; empty: learned from the seeds
  std::optional<listen_address> listen;          ///< absent: this node stands alone
  std::vector<listen_address> seeds;             ///< where other nodes listen; a name may lead to several
  std::optional<cluster_tls> tls;                ///< required unless all addresses are loopback
};

struct config {
  node_section node;
  server_section server;
  admin_section admin;
  std::vector<provider_config> providers;        ///< file order
  std::vector<route_config> routes;
  std::vector<virtual_key_config> virtual_keys;
  telemetry_section telemetry;
  ledger_section ledger;
  cache_section cache;
  cluster_section cluster;
};

}  // namespace switchyard::config
