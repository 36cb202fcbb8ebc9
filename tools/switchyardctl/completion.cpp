#include "tools/switchyardctl/completion.hpp"

#include <functional>

namespace switchyard::ctl {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string words_after(const command_tree& at, const command_tree& program) {
  std::string words;
  const auto add = [&](const std::string& word) { words.append(words.empty() ? "" : " ").append(word); };
  for (const auto& c : at.commands) add(c.name);
  for (const auto& o : at.options) add(o);
  if (&at != &program)
    for (const auto& o : program.options) add(o);
  return words;
}

// Calls `visit` with every command and its path: "", " config", " config show".
void walk(const command_tree& at, const std::string& path,
          const std::function<void(const command_tree&, const std::string&)>& visit) {
  visit(at, path);
  for (const auto& c : at.commands) walk(c, path + " " + c.name, visit);
}

// bash and zsh differ in how they name the words typed so far and how they take the proposals.
std::string for_posix_like(const command_tree& program, bool zsh) {
  std::string known;
  std::string cases;
  walk(program, "", [&](const command_tree& at, const std::string& path) {
    if (!path.empty()) known.append(known.empty() ? "" : "|").append(quoted(path));
    cases += "    " + quoted(path) + ") choices=" + (zsh ? "(" + words_after(at, program) + ")" : quoted(words_after(at, program))) + " ;;\n";
  });
  const std::string function = "_" + program.name;
  std::string out = zsh ? "#compdef " + program.name + "\n" : "";
  out += function + "() {\n";
  out += zsh ? "  local seen='' word\n  local -a choices\n  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
             : "  local seen='' word choices=''\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n";
  out += "    case \"$seen $word\" in " + known + ") seen=\"$seen $word\" ;; esac\n  done\n";
  out += "  case \"$seen\" in\n" + cases + "  esac\n";
  out += zsh ? "  compadd -- $choices\n  _files\n}\ncompdef " + function + " " + program.name + "\n"
             : "  COMPREPLY=($(compgen -W \"$choices\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F " + function +
                   " " + program.name + "\n";
  return out;
}

std::string for_fish(const command_tree& program) {
  std::string out;
  const std::string complete = "complete -c " + program.name;
  const auto option = [&](const std::string& condition, const std::string& name) {
    out += complete + condition + " -l " + name.substr(2) + "\n";
  };
  for (const auto& o : program.options) option("", o);
  walk(program, "", [&](const command_tree& at, const std::string& path) {
    std::string names;
    for (const auto& c : at.commands) names += " " + c.name;
    const bool top = path.empty();
    std::string condition = " -n '__fish_use_subcommand'";
    if (!top) condition = " -n '__fish_seen_subcommand_from" + path.substr(path.rfind(' ')) + "'";
    if (!top)
      for (const auto& o : at.options) option(condition, o);
    if (!top && !names.empty())
      condition.insert(condition.size() - 1, "; and not __fish_seen_subcommand_from" + names);
    for (const auto& c : at.commands) out += complete + " -f" + condition + " -a " + c.name + " -d " + quoted(c.description) + "\n";
  });
  return out;
}

}  // namespace

std::string completion_script(const command_tree& program, shell for_shell) {
  return for_shell == shell::fish ? for_fish(program) : for_posix_like(program, for_shell == shell::zsh);
}

}  // namespace switchyard::ctl
