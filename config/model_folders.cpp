#include "config/model_folders.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace switchyard::config {

namespace fs = std::filesystem;

std::vector<std::string> model_folders(const std::string& asked) {
  if (!asked.empty()) return {asked};
  if (const char* from_environment = std::getenv("SWITCHYARD_MODELS"); from_environment != nullptr && *from_environment != '\0')
    return {from_environment};
  std::vector<std::string> folders;
  std::error_code unknown;
  const auto program = fs::read_symlink("/proc/self/exe", unknown);
  if (!unknown) folders.push_back((program.parent_path().parent_path() / "share/switchyard/models").string());
  folders.emplace_back(SWITCHYARD_SOURCE_MODELS);
  return folders;
}

std::string model_file(const std::vector<std::string>& folders, std::string_view name) {
  std::error_code unreadable;
  for (const auto& folder : folders)
    if (const auto file = fs::path(folder) / name; fs::exists(file, unreadable)) return file.string();
  return (fs::path(folders.empty() ? "" : folders.back()) / name).string();
}

}  // namespace switchyard::config
