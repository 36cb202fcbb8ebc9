// What each command does; main.cpp only reads the command line.
#pragma once

#include "tools/switchyardctl/admin_client.hpp"
#include "tools/switchyardctl/table.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::ctl {

/// Exit codes of the contract.
inline constexpr int fine = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_usage = 2;

/// Where commands get answers and how they show them.
struct console {
  admin_client client;
  bool json = false;           ///< print the node's JSON as it came
  table_style style;
};

using view = std::string (*)(const boost::json::value&, const table_style&);

/// GET and show.
[[nodiscard]] int show(const console& c, const std::string& path, view as_table);
/// Shows the newest decisions; with `follow`, then every new one until the node ends the stream.
[[nodiscard]] int decisions(const console& c, int limit, bool follow);

struct explain_question {
  std::string prompt;          ///< "-": standard input, a prompt or a whole chat body as JSON
  std::string model;           ///< provider/model or a route's name; empty: the route `auto`, else the first one
};
[[nodiscard]] int explain(const console& c, const explain_question& question);
[[nodiscard]] int drain(const console& c, const std::string& node);

struct cleared_part {
  std::string route, virtual_key, tag;   ///< "" any
};
[[nodiscard]] int cache_clear(const console& c, const cleared_part& part);

[[nodiscard]] int config_show(const console& c);
/// Puts the file's shared sections into force on every node of the cluster; `version`: only in the place of that one ("": of any).
[[nodiscard]] int config_apply(const console& c, const std::string& file, const std::string& version);
/// These need no node.
[[nodiscard]] int config_check(const std::string& file, bool json);
[[nodiscard]] int config_schema();
[[nodiscard]] int config_example();

/// What of a virtual key is to be set; what is absent stays as it is.
struct virtual_key_question {
  std::string name;
  std::optional<std::string> parent;
  std::optional<std::int64_t> rpm, tpm;
  std::vector<std::string> models, routes;       ///< each may be a list with commas
  std::optional<double> budget;                  ///< US dollars
  std::string period, mode;                      ///< of the budget
  std::string expires;                           ///< a time, or a duration from now
  std::vector<std::string> tags;                 ///< "name=value"
  std::vector<std::string> without;              ///< names of what is to be taken away
};
[[nodiscard]] int virtual_key_create(const console& c, const virtual_key_question& asked);
[[nodiscard]] int virtual_key_update(const console& c, const virtual_key_question& asked);
[[nodiscard]] int virtual_key_revoke(const console& c, const std::string& name);
[[nodiscard]] int virtual_key_rotate(const console& c, const std::string& name, const std::string& grace);

struct export_question {
  std::string from, to;        ///< times; "": without bound
  std::string format = "jsonl";
};
/// Rows to standard output, oldest first.
[[nodiscard]] int ledger_export(const console& c, const export_question& question);
/// Waits for the node's check of every row and sum; fine when nothing is wrong.
[[nodiscard]] int ledger_verify(const console& c);
/// Compares each node's rows with what other nodes keep of them.
[[nodiscard]] int ledger_verify_cluster(const console& c);
/// The node writes a copy of what it keeps on disk to a new folder.
[[nodiscard]] int backup(const console& c, const std::string& folder);
/// Needs no node, and none may run on `data_dir`. What stood there is kept beside it.
[[nodiscard]] int restore(const std::string& folder, const std::string& data_dir);
/// Of what other nodes keep of it; the one that is asked must be another one than `node`.
[[nodiscard]] int ledger_restore(const console& c, const std::string& node, const std::string& data_dir);

/// A CA where the folder holds none yet, and a certificate and a key per node. Needs no node; nothing is overwritten.
[[nodiscard]] int cluster_cert(const std::string& folder, const std::vector<std::string>& nodes);
/// The node is gone for good: the cluster goes on without counting on it.
[[nodiscard]] int cluster_forget(const console& c, const std::string& node);

/// Of an answer: nullopt when it is a failure, and the user was told.
[[nodiscard]] std::optional<boost::json::value> json_answer(const result<admin_reply>& asked);
void print(std::string_view text);

/// Prints "switchyardctl: message" to stderr.
void complain(std::string_view message);

}  // namespace switchyard::ctl
