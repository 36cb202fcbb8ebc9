// switchyardctl: asks and steers a running node through its admin API; checks config files without one.
#include "tools/switchyardctl/commands.hpp"
#include "tools/switchyardctl/completion.hpp"
#include "tools/switchyardctl/eval.hpp"
#include "tools/switchyardctl/eval_route.hpp"
#include "tools/switchyardctl/eval_signals.hpp"
#include "tools/switchyardctl/suggest.hpp"
#include "tools/switchyardctl/train.hpp"
#include "tools/switchyardctl/views.hpp"

#include <CLI/CLI.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>

namespace {

using namespace switchyard::ctl;

constexpr const char* default_url = "http://127.0.0.1:8081";

table_style style_of_terminal() {
  table_style style;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  style.colour = (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb";
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.width = size.ws_col;
  return style;
}

/// What the options on every command say.
struct common_options {
  std::string url = default_url;
  std::string token;
  bool json = false;
};

// nullopt: the options are wrong, and the user was told.
std::optional<console> open_console(const common_options& given) {
  std::string why;
  auto url = admin_url::parse(given.url, why);
  if (!url) {
    complain("--url " + given.url + ": " + why);
    return std::nullopt;
  }
  std::string token = given.token;
  if (const char* from_environment = std::getenv("SWITCHYARD_ADMIN_TOKEN"); token.empty() && from_environment != nullptr)
    token = from_environment;
  if (std::any_of(token.begin(), token.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
    complain("the admin token holds a blank or a control character; a line break at its end?");
    return std::nullopt;
  }
  return console{admin_client(given.url, std::move(*url), switchyard::secret(std::move(token))), given.json, style_of_terminal()};
}

command_tree tree_of(const CLI::App& app) {
  command_tree tree{app.get_name(), app.get_description(), {}, {}};
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) tree.options.push_back("--" + name);
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) tree.commands.push_back(tree_of(*command));
  return tree;
}

/// The command line: fills `run` with what the chosen command does.
class command_line {
 public:
  command_line() {
    app_.set_version_flag("--version", "switchyardctl " SWITCHYARD_VERSION);
    app_.add_option("--url", common_.url, "Admin address of the node")->capture_default_str()->type_name("URL");
    app_.add_option("--token", common_.token, "Admin token (default: the variable SWITCHYARD_ADMIN_TOKEN)")->type_name("TOKEN");
    app_.add_flag("--json", common_.json, "Print JSON instead of tables");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer("Exit codes: 0 fine, 1 failed, 2 wrong usage or config.");

    add_view("status", "The node and every actor with its state and mailbox", "/admin/v1/status", show_status, nullptr, reach::cluster);
    add_view("nodes", "The nodes of the cluster", "/admin/v1/nodes", show_nodes, nullptr, reach::cluster);
    add_view("keys", "Provider keys: weights, health, limits, breakers", "/admin/v1/keys", show_keys, nullptr, reach::cluster);
    add_view("breakers", "Circuit breakers with their windows", "/admin/v1/breakers", show_breakers, nullptr, reach::cluster);
    add_view("limits", "Rate limits and what is left of them", "/admin/v1/limits", show_limits, nullptr, reach::cluster);
    add_view("routes", "Routes with their stages, targets and fallbacks", "/admin/v1/routes", show_routes);
    add_explain();
    add_decisions();
    add_virtual_keys();
    add_spend();
    add_savings();
    add_ledger();
    auto* drain_command = app_.add_subcommand("drain", "Turn /readyz to 503, so that load balancers move on before the node is stopped");
    drain_command->add_option("NODE", node_, "Name of the node (default: the one that is asked)");
    on(drain_command, [this](const console& c) { return drain(c, node_); });
    add_cluster();
    add_cache();
    add_config();
    add_eval();
    add_train();
    add_suggest();
    add_completion();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      return app_.exit(e) == 0 ? fine : wrong_usage;
    }
    return chosen_();
  }

 private:
  void on(CLI::App* command, std::function<int(const console&)> act) {
    command->callback([this, act = std::move(act)] {
      chosen_ = [this, act] {
        const auto c = open_console(common_);
        return c ? act(*c) : wrong_usage;
      };
    });
  }
  void offline(CLI::App* command, std::function<int()> act) {
    command->callback([this, act = std::move(act)] { chosen_ = act; });
  }

  enum class reach { node, cluster };
  void add_view(const std::string& name, const std::string& description, std::string path, view as_table, CLI::App* below = nullptr, reach far = reach::node) {
    auto* command = (below != nullptr ? below : &app_)->add_subcommand(name, description);
    if (far == reach::cluster) add_local(command);
    on(command, [this, path = std::move(path), as_table, far](const console& c) { return show(c, far == reach::cluster && !local_ ? path + "?scope=cluster" : path, as_table); });
  }
  void add_local(CLI::App* command) { command->add_flag("--local", local_, "Ask this node only, not all of its cluster"); }

  void add_explain() {
    auto* command = app_.add_subcommand("explain", "How a prompt would be routed; nothing is sent to a provider");
    command->add_option("PROMPT", question_.prompt, "The prompt, or - for standard input (a prompt or a chat body as JSON)")->required();
    auto* model = command->add_option("--model", question_.model, "provider/model, as a client would write it");
    command->add_option("--route", question_.model, "A route's name (default: auto, else the first)")->excludes(model);
    on(command, [this](const console& c) { return explain(c, question_); });
  }

  void add_decisions() {
    auto* command = app_.add_subcommand("decisions", "The newest routing decisions");
    command->add_option("--limit", limit_, "How many")->capture_default_str()->check(CLI::Range(1, 1000));
    command->add_flag("--follow", follow_, "Go on with every new one");
    on(command, [this](const console& c) { return decisions(c, limit_, follow_); });
    auto* trace = app_.add_subcommand("trace", "One request: its decision and every attempt");
    trace->add_option("REQUEST_ID", request_id_, "The x-request-id the client saw")->required();
    on(trace, [this](const console& c) { return show(c, "/admin/v1/decisions/" + percent_encoded(request_id_), show_trace); });
  }

  void add_cluster() {
    auto* cluster = app_.add_subcommand("cluster", "The nodes of a cluster")->require_subcommand(1);
    auto* cert = cluster->add_subcommand("cert", "Make a CA (unless DIR holds one) and a certificate and key per node (needs no node)");
    cert->add_option("--dir", folder_, "Where ca.pem, ca.key, NODE.pem and NODE.key go")->required()->type_name("DIR");
    cert->add_option("NODE", nodes_, "Names of nodes")->required();
    offline(cert, [this] { return cluster_cert(folder_, nodes_); });
    auto* forget = cluster->add_subcommand("forget", "A node is gone for good: share limits and budgets without it");
    forget->add_option("NODE", node_, "Its name")->required();
    on(forget, [this](const console& c) { return cluster_forget(c, node_); });
  }

  void add_cache() {
    auto* cache = app_.add_subcommand("cache", "Stored answers")->require_subcommand(1);
    add_view("stats", "How much is stored, and how often it was given", "/admin/v1/cache", show_members, cache, reach::cluster);
    auto* clear = cache->add_subcommand("clear", "Forget answers: all, or those of a route, a virtual key, a tag");
    clear->add_option("--route", cleared_.route, "Only of this route");
    clear->add_option("--virtual-key", cleared_.virtual_key, "Only what this virtual key asked for");
    clear->add_option("--tag", cleared_.tag, "Only of virtual keys with this tag, as name=value");
    on(clear, [this](const console& c) { return cache_clear(c, cleared_); });
  }

  void add_spend() {
    auto* command = app_.add_subcommand("spend", "Requests, tokens and cost, grouped");
    command->add_option("--by", by_, "Group by")->capture_default_str()->check(
        CLI::IsMember({"model", "virtual_key", "provider", "route", "tag", "key", "day", "hour"}));
    add_span(command);
    add_local(command);
    on(command, [this](const console& c) {
      return show(c, "/admin/v1/spend?by=" + percent_encoded(by_) + span_query('&'), show_spend);
    });
  }

  void add_virtual_keys() {
    auto* vkeys = app_.add_subcommand("vkeys", "Virtual keys")->require_subcommand(1);
    add_view("list", "Virtual keys with their limits and budgets", "/admin/v1/virtual-keys", show_virtual_keys, vkeys);
    auto* create = vkeys->add_subcommand("create", "Make one; its value is shown this once");
    add_virtual_key_terms(create);
    on(create, [this](const console& c) { return virtual_key_create(c, virtual_key_); });
    auto* update = vkeys->add_subcommand("update", "Change what one may do; what is not given stays");
    add_virtual_key_terms(update);
    update->add_option("--without", virtual_key_.without, "Take away: budget, expires, parent, rpm, tpm, models, routes, tags")
        ->check(CLI::IsMember({"budget", "expires", "parent", "rpm", "tpm", "models", "routes", "tags"}))
        ->delimiter(',');
    on(update, [this](const console& c) { return virtual_key_update(c, virtual_key_); });
    auto* revoke = vkeys->add_subcommand("revoke", "Refuse one from now on, for good");
    revoke->add_option("NAME", virtual_key_.name, "Its name")->required();
    on(revoke, [this](const console& c) { return virtual_key_revoke(c, virtual_key_.name); });
    auto* rotate = vkeys->add_subcommand("rotate", "Give one a new value, shown this once");
    rotate->add_option("NAME", virtual_key_.name, "Its name")->required();
    rotate->add_option("--grace", grace_, "How long the value before is taken, too: 10m, 24h, 7d (default: not at all)")->type_name("DURATION");
    on(rotate, [this](const console& c) { return virtual_key_rotate(c, virtual_key_.name, grace_); });
  }

  void add_virtual_key_terms(CLI::App* command) {
    auto& asked = virtual_key_;
    command->add_option("NAME", asked.name, "Its name")->required();
    command->add_option("--budget", asked.budget, "US dollars it may spend a period")->type_name("USD");
    command->add_option("--period", asked.period, "hour, day, week, month or total (default: month)");
    command->add_option("--mode", asked.mode, "hard or soft (default: hard)");
    command->add_option("--rpm", asked.rpm, "Requests a minute; 0: unlimited");
    command->add_option("--tpm", asked.tpm, "Tokens a minute; 0: unlimited");
    command->add_option("--models", asked.models, "Allowed provider/model patterns, with commas between them");
    command->add_option("--routes", asked.routes, "Allowed routes, with commas between them");
    command->add_option("--expires", asked.expires, "A time (2027-01-31, 2027-01-31T12:00:00Z) or from now (30d)")->type_name("TIME");
    command->add_option("--tag", asked.tags, "NAME=VALUE for accounting; may be given again")->take_all();
    command->add_option("--parent", asked.parent, "A virtual key whose limits hold for this one too");
  }

  void add_savings() {
    auto* command = app_.add_subcommand("savings", "What requests cost less than at their route's baseline");
    add_span(command);
    add_local(command);
    on(command, [this](const console& c) { return show(c, "/admin/v1/savings" + span_query('?'), show_savings); });
  }

  /// The span that was asked for, of all nodes unless of this one only; `next` stands before the first parameter.
  [[nodiscard]] std::string span_query(char next) const {
    std::string out;
    const auto add = [&](std::string_view parameter) { (out += std::exchange(next, '&')) += parameter; };
    if (!local_) add("scope=cluster");
    if (!from_.empty()) add("from=" + percent_encoded(from_));
    if (!to_.empty()) add("to=" + percent_encoded(to_));
    return out;
  }
  void add_span(CLI::App* command) {
    command->add_option("--from", from_, "From this time on: 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970")->type_name("TIME");
    command->add_option("--to", to_, "Up to, without, this time")->type_name("TIME");
  }

  void add_ledger() {
    auto* command = app_.add_subcommand("ledger", "The cost ledger: a row for every call")->require_subcommand(1);
    auto* verify = command->add_subcommand("verify", "Check every row and every sum; with --cluster: each node's rows against their copies on others");
    verify->add_flag("--cluster", cluster_, "Compare each node's rows with what other nodes keep of them");
    on(verify, [this](const console& c) { return cluster_ ? ledger_verify_cluster(c) : ledger_verify(c); });
    auto* rows = command->add_subcommand("export", "Rows to standard output, oldest first");
    add_span(rows);
    rows->add_option("--format", format_, "jsonl or csv")->capture_default_str()->check(CLI::IsMember({"jsonl", "csv"}));
    on(rows, [this](const console& c) { return ledger_export(c, {from_, to_, format_}); });
    auto* again = command->add_subcommand("restore", "Make a stopped node's ledger, whose disk was lost, of the rows that other nodes keep; asks one of those");
    again->add_option("--node", node_, "The node whose disk was lost")->required();
    again->add_option("--data-dir", data_dir_, "Its data directory, on this machine")->capture_default_str()->type_name("DIR");
    on(again, [this](const console& c) { return ledger_restore(c, node_, data_dir_); });
    auto* copy = app_.add_subcommand("backup", "Let the node copy what it keeps on disk to a new folder");
    copy->add_option("DIR", file_, "A folder, on the node's machine, that does not exist")->required();
    on(copy, [this](const console& c) { return backup(c, file_); });
    auto* back = app_.add_subcommand("restore", "Put a backup in the place of a stopped node's data (needs no node)");
    back->add_option("DIR", file_, "A folder that `backup` wrote")->required();
    back->add_option("--data-dir", data_dir_, "The node's data directory")->capture_default_str()->type_name("DIR");
    offline(back, [this] { return restore(file_, data_dir_); });
  }

  void add_config() {
    auto* command = app_.add_subcommand("config", "The configuration")->require_subcommand(1);
    on(command->add_subcommand("show", "The node's effective config, secrets masked"), config_show);
    auto* apply = command->add_subcommand("apply", "Put a file's shared sections into force on every node of the cluster");
    apply->add_option("FILE", file_, "YAML or JSON")->required();
    apply->add_option("--if-version", version_, "Only in the place of this version, as `config apply` and the ETag say it")->type_name("VERSION");
    on(apply, [this](const console& c) { return config_apply(c, file_, version_); });
    auto* check = command->add_subcommand("check", "Check a file; every problem with file:line:column (needs no node)");
    check->add_option("FILE", file_, "YAML or JSON")->required();
    offline(check, [this] { return config_check(file_, common_.json); });
    offline(command->add_subcommand("schema", "The JSON Schema of config files (needs no node)"), config_schema);
    offline(command->add_subcommand("example", "A commented file with every option (needs no node)"), config_example);
  }

  void add_eval() {
    auto* command = app_.add_subcommand("eval", "What the models say of the lines of a file (needs no node)")->require_subcommand(1);
    auto* embed = command->add_subcommand("embed", R"({"id","prompt"} or {"id","messages"} per line -> {"id","vector"})");
    add_lines(embed);
    offline(embed, [this] { return eval_embed(eval_); });
    auto* signals = command->add_subcommand("signals", R"({"id","prompt"} or {"id","messages"} per line -> {"id","signals"})");
    add_lines(signals);
    offline(signals, [this] { return eval_signals(eval_); });
    auto* similarity = command->add_subcommand("similarity", R"({"a","b"} per line -> {"similarity","hit","why"})");
    add_lines(similarity);
    similarity->add_option("--threshold", eval_.threshold, "Cosine from which on it is a hit")->capture_default_str()->check(CLI::Range(-1.0, 1.0));
    offline(similarity, [this] { return eval_similarity(eval_); });
    auto* route = command->add_subcommand("route", R"({"id","prompt"} or {"id","messages"} per line -> {"id","target","category","reason","scores"})");
    add_lines(route);
    route->add_option("--config", file_, "The node's config file; its secrets need not be set")->required()->type_name("FILE");
    route->add_option("--route", route_, "Which of its routes")->required()->type_name("NAME");
    offline(route, [this] { return eval_route({eval_.lines, eval_.models, file_, route_}); });
  }
  void add_train() {
    auto* command = app_.add_subcommand("train", "Learn from prompts of your own (needs no node)")->require_subcommand(1);
    const auto add = [&](const char* name, const char* sentence, trained_labels what) {
      auto* one = command->add_subcommand(name, sentence);
      one->add_option("--in", train_.in, "JSON lines; - for standard input")->required()->type_name("FILE");
      one->add_option("--out", train_.out, "The model; FILE.svg beside it shows the confusion matrix")->required()->type_name("FILE");
      one->add_option("--held-out", train_.held_out, "Share of each label's prompts that is not learnt from: half of it sets thresholds, half is counted")
          ->capture_default_str()->check(CLI::Range(0.05, 0.5));
      one->add_option("--models", train_.models, "Folder of the models (default: as for eval)")->type_name("DIR");
      offline(one, [this, what] { return train(train_, what, common_.json); });
    };
    add("category", R"({"prompt","label"} per line -> a model for a semantic stage, with a report)", trained_labels::categories);
    add("domain", R"({"prompt","label"} per line -> a domain_model for an intent stage, with a report)", trained_labels::domains);
  }
  void add_lines(CLI::App* command) {
    command->add_option("--in", eval_.lines.in, "JSON lines; - for standard input")->required()->type_name("FILE");
    command->add_option("--out", eval_.lines.out, "Where the answers go, in order; - for standard output")->capture_default_str()->type_name("FILE");
    command->add_option("--threads", eval_.lines.threads, "Threads (default: all cores)")->check(CLI::Range(1, 1024));
    command->add_option("--models", eval_.models, "Folder of the models (default: SWITCHYARD_MODELS, the installed ones, the source tree's)")
        ->type_name("DIR");
  }

  void add_suggest() {
    auto* command = app_.add_subcommand("suggest", "Categories for a semantic stage, from the prompts the node has kept, as YAML");
    command->add_option("--limit", suggest_.limit, "How many of the newest prompts")->capture_default_str()->check(CLI::Range(1, 100'000));
    command->add_option("--categories", suggest_.categories, "How many (default: what fits best, up to 10)")->check(CLI::Range(1, 100));
    command->add_option("--models", suggest_.models, "Folder of the models (default: as for eval)")->type_name("DIR");
    on(command, [this](const console& c) { return suggest(c, suggest_); });
  }

  void add_completion() {
    auto* command = app_.add_subcommand("completion", "A completion script: source <(switchyardctl completion bash)");
    command->add_option("SHELL", shell_, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    offline(command, [this] {
      std::cout << completion_script(tree_of(app_), shell_ == "bash" ? shell::bash : shell_ == "zsh" ? shell::zsh : shell::fish);
      return fine;
    });
  }

  CLI::App app_{"Asks and steers a Switchyard node through its admin API.", "switchyardctl"};
  std::function<int()> chosen_;
  common_options common_;
  explain_question question_;
  virtual_key_question virtual_key_;
  std::string grace_;
  eval_options eval_;
  train_options train_;
  suggest_options suggest_;
  int limit_ = 20;
  bool follow_ = false;
  bool local_ = false;
  cleared_part cleared_;
  std::string version_;
  bool cluster_ = false;
  std::vector<std::string> nodes_;
  std::string request_id_, node_, folder_, route_, by_ = "model", from_, to_, file_, shell_, format_ = "jsonl", data_dir_ = "./data";
};

}  // namespace

int main(int argc, char** argv) {
  command_line line;
  return line.run(argc, argv);
}
