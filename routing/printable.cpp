#include "routing/printable.hpp"

namespace switchyard::routing {

std::string printable(std::string_view text, std::size_t most) {
  const bool cut = text.size() > most;
  std::string out(text.substr(0, cut ? (most > 3 ? most - 3 : 0) : text.size()));
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  if (cut) out += "...";
  return out;
}

}  // namespace switchyard::routing
