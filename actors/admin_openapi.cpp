// The OpenAPI document: one row per admin route, the same that admin_actor.cpp and the admin plane serve.
#include "actors/admin_answers.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

struct operation {
  std::string_view method;
  std::string_view path;
  std::string_view summary;
  std::string_view parameters;                   ///< "limit route": names of optional query parameters
  std::string_view content_type = "application/json";
};

constexpr std::array operations{
    operation{"get", "/admin/v1/status", "The node, and every actor with its state and mailbox depth; scope=cluster: of all nodes", "scope"},
    operation{"get", "/admin/v1/nodes", "The nodes of the cluster as this one sees them; scope=cluster: with what each says of itself", "scope"},
    operation{"post", "/admin/v1/nodes/forget", "A node is gone for good: {\"node\"}; limits and budgets are shared without it", ""},
    operation{"get", "/admin/v1/providers", "Providers with their keys' availability", ""},
    operation{"get", "/admin/v1/keys", "Provider keys with weight, health, breaker, parking and limits", "scope"},
    operation{"get", "/admin/v1/breakers", "Circuit breakers with their windows", "scope"},
    operation{"get", "/admin/v1/limits", "Per-minute limits and what is left of them", "scope"},
    operation{"get", "/admin/v1/routes", "Routes with their stages, targets and fallbacks", ""},
    operation{"get", "/admin/v1/virtual-keys", "Virtual keys with what is left of their limits and budgets, without the keys themselves", ""},
    operation{"post", "/admin/v1/virtual-keys", "Make a virtual key; the answer's `key` is told this once", ""},
    operation{"get", "/admin/v1/virtual-keys/{name}", "One virtual key", ""},
    operation{"put", "/admin/v1/virtual-keys/{name}", "Set all that a virtual key may do; what is left out is its default", ""},
    operation{"patch", "/admin/v1/virtual-keys/{name}", "Change some of what a virtual key may do", ""},
    operation{"delete", "/admin/v1/virtual-keys/{name}", "Revoke a virtual key, at once and for good", ""},
    operation{"post", "/admin/v1/virtual-keys/{name}/rotate", "A new value for a virtual key; the old one is taken for {\"grace\": \"24h\"} longer", ""},
    operation{"get", "/admin/v1/spend", "Requests, tokens and cost out of the ledger, grouped", "by from to scope"},
    operation{"get", "/admin/v1/savings", "What requests cost less than at their route's baseline, in all, by route, and by what saved it", "from to scope"},
    operation{"get", "/admin/v1/ledger", "A page of ledger rows, oldest first, as JSON lines or CSV", "from to format after limit"},
    operation{"post", "/admin/v1/ledger/verify", "Begin to check every row and every sum of the ledger", ""},
    operation{"get", "/admin/v1/ledger/verify", "How far the check is and what it found", ""},
    operation{"get", "/admin/v1/ledger/copies/rows", "Rows that this node keeps of another one's ledger, in hexadecimal, to make a lost one of", "of incarnation first scope"},
    operation{"get", "/admin/v1/ledger/copies", "Which rows stand on this node's disk, its own and other nodes', with hashes of the newest; of all nodes with scope=cluster", "scope"},
    operation{"post", "/admin/v1/backup", "Write a copy of what the node keeps on disk to a new folder on the node: {\"dir\"}", ""},
    operation{"get", "/admin/v1/cache", "Figures of the cache", "scope"},
    operation{"delete", "/admin/v1/cache", "Empty the cache of all nodes, or what it has of a route, a virtual key and a tag (a=b)", "route virtual_key tag"},
    operation{"get", "/admin/v1/decisions", "The last decisions, newest first", "limit route model provider virtual_key status"},
    operation{"get", "/admin/v1/decisions/{request_id}", "One decision with all its attempts", ""},
    operation{"get", "/admin/v1/prompts", "The newest prompts, if telemetry.decision_log.prompts keeps them", "limit"},
    operation{"get", "/admin/v1/config", "The effective config, secrets masked; in a cluster with its version as ETag", ""},
    operation{"put", "/admin/v1/config", "Put a config's shared sections (YAML or JSON) into force on every node of the cluster, only in the place of the version in If-Match or `version`", "version"},
    operation{"post", "/admin/v1/explain", "What would be decided for a chat body; nothing is sent upstream", "route region"},
    operation{"post", "/admin/v1/drain", "Turn /readyz to 503; {\"node\"}: of that node", ""},
    operation{"get", "/admin/v1/events", "Live events: breakers, parking, reloads, decisions", "", "text/event-stream"},
    operation{"get", "/metrics", "Prometheus metrics", "", "text/plain"},
    operation{"get", "/admin/openapi.json", "This document", ""},
};

json::array parameters_of(const operation& op) {
  json::array out;
  const auto add = [&out](std::string_view name, std::string_view in) {
    out.push_back(json::object{{"name", name}, {"in", in}, {"required", in == "path"}, {"schema", json::object{{"type", "string"}}}});
  };
  if (op.path.find("{request_id}") != op.path.npos) add("request_id", "path");
  if (op.path.find("{name}") != op.path.npos) add("name", "path");
  for (auto rest = op.parameters; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    add(rest.substr(0, end), "query");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

json::object response(std::string_view description, std::string_view content_type, json::object schema) {
  json::object content;
  content[content_type] = json::object{{"schema", std::move(schema)}};
  return {{"description", description}, {"content", std::move(content)}};
}

json::object schema_of_errors() {
  const json::object text{{"type", "string"}};
  return {{"type", "object"},
          {"properties",
           json::object{{"error", json::object{{"type", "object"}, {"properties", json::object{{"code", text}, {"message", text}}}}}}}};
}

}  // namespace

std::string_view build_version() noexcept { return SWITCHYARD_VERSION; }

std::string openapi_document() {
  json::object paths;
  for (const auto& op : operations) {
    json::object responses;
    const bool accepted = op.path == "/admin/v1/drain";
    const bool made = op.method == "post" && op.path == "/admin/v1/virtual-keys";
    const auto schema = op.content_type == "application/json" ? json::object{{"type", "object"}} : json::object{{"type", "string"}};
    responses[accepted ? "202" : made ? "201" : "200"] = response(op.summary, op.content_type, schema);
    responses["default"] = response("What was wrong", "application/json", json::object{{"$ref", "#/components/schemas/problem"}});
    json::object described{{"summary", op.summary}, {"parameters", parameters_of(op)}, {"responses", std::move(responses)}};
    if (op.method == "post" || op.method == "put" || op.method == "patch")
      described["requestBody"] = json::object{{"content", json::object{{"application/json", json::object{{"schema", json::object{{"type", "object"}}}}}}}};
    auto& path = paths[op.path];
    if (!path.is_object()) path = json::object{};
    path.as_object()[op.method] = std::move(described);
  }
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Switchyard admin API"}, {"version", build_version()}}},
      {"security", json::array{json::object{{"token", json::array{}}}, json::object{}}},
      {"paths", std::move(paths)},
      {"components",
       json::object{{"schemas", json::object{{"problem", schema_of_errors()}}},
                    {"securitySchemes", json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  return json::serialize(document);
}

}  // namespace switchyard::actors
