#include "config/load.hpp"

#include "config/bedrock_keys.hpp"
#include "config/credential.hpp"
#include "config/document.hpp"
#include "config/presets.hpp"
#include "config/reading.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace switchyard::config {

namespace {

/// At most one byte more than parse_document takes; nullopt and errno when the file cannot be read.
std::optional<std::string> read_whole(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return std::nullopt;
  std::string text;
  char buffer[64 * 1024];
  errno = 0;
  while (text.size() <= largest_document) {
    const auto n = std::fread(buffer, 1, sizeof buffer, file.get());
    text.append(buffer, n);
    if (n < sizeof buffer) break;
  }
  if (std::ferror(file.get())) return std::nullopt;
  return text;
}

load_result finish(config&& parsed, reading& run) {
  complete(parsed, run);
  validate(parsed, run);
  auto problems = run.take_problems();
  if (!problems.empty()) return {std::nullopt, std::move(problems)};
  return {std::move(parsed), {}};
}

}  // namespace

std::string problem::to_string() const {
  std::string out = file;
  if (at.line > 0) out += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  if (!out.empty()) out += ": ";
  if (!key.empty()) out += key + ": ";
  return out + message;
}

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

load_result load_text(std::string_view text, const std::string& file, const environment& env) {
  const auto tree = parse_document(text);
  if (tree.fault) return {std::nullopt, {{file, tree.fault->at, "", tree.fault->message}}};
  reading run(file, env);
  config parsed;
  whole_file().read(*tree.root, parsed, run);
  return finish(std::move(parsed), run);
}

load_result load_file(const std::string& path, const environment& env) {
  const auto text = read_whole(path);
  if (!text) return {std::nullopt, {{path, {}, "", "cannot be read: " + std::generic_category().message(errno)}}};
  return load_text(*text, path, env);
}

load_result from_environment(const environment& env) {
  reading run("environment", env);
  config parsed;
  for (const auto& preset : provider_presets()) {
    if (preset.key_variable.empty() || preset.wire == wire_format::bedrock) continue;
    if (!preset.by_environment || preset.base_url.empty()) continue;
    const auto value = env(std::string(preset.key_variable));
    if (!value || value->empty()) continue;
    if (!is_sendable_secret(*value)) {
      run.report(std::string(preset.key_variable), {},
                 "holds a blank, a line break, a control or a non-ASCII character, which no credential can");
      continue;
    }
    auto& provider = parsed.providers.emplace_back();
    provider.name = preset.name;
    provider.wire = preset.wire;
    provider.base_url = preset.base_url;
    auto& key = provider.keys.emplace_back();
    key.name = provider.name + "-env";
    key.value = secret(*value);
  }
  if (auto bedrock = bedrock_from_environment(run)) parsed.providers.push_back(*std::move(bedrock));
  // Checked by hand above: validate() asks which keys a file gave, and here is none.
  complete(parsed, run);
  auto problems = run.take_problems();
  if (!problems.empty()) return {std::nullopt, std::move(problems)};
  return {std::move(parsed), {}};
}

std::vector<problem> file_warnings(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 077) == 0) return {};
  const auto text = read_whole(path);
  if (!text) return {};
  const auto tree = parse_document(*text);
  if (tree.fault) return {};
  // Variables and files are beside the point here: only literals count, and no problem is reported.
  const environment none = [](const std::string&) { return std::optional<std::string>(); };
  reading run(path, none);
  config parsed;
  whole_file().read(*tree.root, parsed, run);
  auto warnings = run.literal_secrets();
  for (auto& warning : warnings)
    warning.message = "this secret stands in a file that others can read; chmod 600 the file, or use env.NAME or file:/path";
  return warnings;
}

std::string json_schema() {
  json_writer out;
  out.begin_object();
  out.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.member("title", "Switchyard configuration");
  whole_file().describe(out);
  out.end_object();
  return out.str();
}

std::string to_json(const config& effective) {
  json_writer out;
  whole_file().show(effective, out);
  return out.str();
}

}  // namespace switchyard::config
