// Secrets in the file: the literal itself, env.NAME or file:/path. No message holds a value.
#include "config/credential.hpp"

#include "config/rules.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace switchyard::config {

namespace {

constexpr std::size_t longest_secret = 64u << 10;

bool is_variable_name(std::string_view name) noexcept {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Regular files only: a pipe would block the start.
std::optional<std::string> read_secret_file(const std::string& path, std::string& fault) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) {
    fault = "does not exist";
    return std::nullopt;
  }
  if (!std::filesystem::is_regular_file(status)) {
    fault = "is not a regular file";
    return std::nullopt;
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) {
    fault = "cannot be read: " + std::generic_category().message(errno);
    return std::nullopt;
  }
  std::string text(longest_secret + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (text.size() > longest_secret) {
    fault = "is larger than 64 KiB";
    return std::nullopt;
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) {
    fault = "is empty";
    return std::nullopt;
  }
  return text;
}

class credential_rule final : public rule<secret> {
 public:
  void read(const node& from, secret& into, reading& run) const override {
    constexpr std::string_view expected = "a secret as a string: itself, env.NAME or file:/path";
    if (from.kind == value_kind::null) {
      into = secret();
      return;
    }
    if (from.kind != value_kind::text) {
      if (from.kind == value_kind::list || from.kind == value_kind::map) return run.wrong_type(from, expected);
      const auto got = std::string(kind_name(from.kind));
      return run.report(from.at, "expected " + std::string(expected) + ", got " + got + "; put it in quotes");
    }
    const std::string_view written = from.text;
    if (written.empty()) return run.report(from.at, "expected " + std::string(expected) + ", got an empty string");
    if (written.starts_with("env.")) return read_variable(std::string(written.substr(4)), from.at, into, run);
    if (written.starts_with("file:")) return read_file(std::string(written.substr(5)), from.at, into, run);
    run.note_literal_secret(from.at);
    accept(from.text, "the secret", from.at, into, run);
  }
  void show(const secret& from, json_writer& out) const override {
    if (from.empty())
      out.null();
    else
      out.text("***");
  }
  void describe(json_writer& out) const override {
    out.key("type");
    out.begin_list();
    out.text("string");
    out.text("null");
    out.end_list();
    out.member("minLength", 1);
  }

 private:
  static void read_variable(const std::string& name, source_position at, secret& into, reading& run) {
    if (!is_variable_name(name)) return run.report(at, "expected env.NAME with the name of an environment variable");
    const auto value = run.env()(name);
    if (!value) return run.report(at, "the environment variable " + name + " is not set");
    if (value->empty()) return run.report(at, "the environment variable " + name + " is empty");
    accept(*value, "the value of the environment variable " + name, at, into, run);
  }
  static void read_file(const std::string& path, source_position at, secret& into, reading& run) {
    if (path.empty() || path.find('\0') != std::string::npos) return run.report(at, "expected file:/path");
    std::string fault;
    const auto value = read_secret_file(path, fault);
    if (!value) return run.report(at, "the file " + in_quotes(path) + " " + fault);
    accept(*value, "the content of the file " + in_quotes(path), at, into, run);
  }
  static void accept(const std::string& value, const std::string& what, source_position at, secret& into, reading& run) {
    if (is_sendable_secret(value))
      into = secret(value);
    else
      run.report(at, what + " holds a blank, a line break, a control or a non-ASCII character, which no credential can");
  }
};

}  // namespace

bool is_sendable_secret(std::string_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

rule_ptr<secret> credential() { return std::make_shared<credential_rule>(); }

}  // namespace switchyard::config
