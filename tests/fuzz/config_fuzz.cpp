// A configuration file: either a config or problems, none of which shows a secret; what is shown of a config loads again.
#include "config/load.hpp"
#include "providers/json_scan.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::fuzz;

namespace {

std::optional<std::string> variable(const std::string& name) {
  return name.empty() ? std::nullopt : std::optional<std::string>("canary-of-the-environment");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (text.find("file:") != std::string_view::npos) return 0;   // reads what the machine has
  if (text.find("canary-of-the-environment") != std::string_view::npos) return 0;   // what the file itself says may be shown
  const auto loaded = config::load_text(text, "fuzz.yaml", variable);
  require(loaded.value.has_value() == loaded.problems.empty());
  for (const auto& problem : loaded.problems) require(problem.to_string().find("canary-of-the-environment") == std::string::npos);
  if (!loaded.value) return 0;
  const auto shown = config::to_json(*loaded.value);
  require(is_json(shown) && shown.find("canary-of-the-environment") == std::string::npos);
  return 0;
}
