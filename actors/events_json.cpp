#include "actors/events_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <ctime>

namespace switchyard::actors {

std::string rfc3339(wall_time at) {
  const auto since = std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
  const auto whole = static_cast<std::time_t>(since / 1000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(since % 1000));
  return text;
}

std::string event_json(std::string_view type, wall_time at,
                       std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  boost::json::object event;
  event["type"] = type;
  event["at"] = rfc3339(at);
  for (const auto& [name, value] : members) event[name] = value;
  return boost::json::serialize(event);
}

}  // namespace switchyard::actors
