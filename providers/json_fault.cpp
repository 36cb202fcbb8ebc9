// Boost.JSON's event parser names the byte, which simdjson does not; it keeps nothing but its depth.
#include "providers/json_fault.hpp"

#include "providers/json_document.hpp"

#include <boost/json/basic_parser_impl.hpp>

namespace switchyard::providers::json {

namespace {

namespace bj = boost::json;

/// Accepts every event.
struct ignore_all {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using ec = bj::error_code;

  bool on_document_begin(ec&) { return true; }
  bool on_document_end(ec&) { return true; }
  bool on_object_begin(ec&) { return true; }
  bool on_object_end(std::size_t, ec&) { return true; }
  bool on_array_begin(ec&) { return true; }
  bool on_array_end(std::size_t, ec&) { return true; }
  bool on_key_part(bj::string_view, std::size_t, ec&) { return true; }
  bool on_key(bj::string_view, std::size_t, ec&) { return true; }
  bool on_string_part(bj::string_view, std::size_t, ec&) { return true; }
  bool on_string(bj::string_view, std::size_t, ec&) { return true; }
  bool on_number_part(bj::string_view, ec&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, ec&) { return true; }
  bool on_uint64(std::uint64_t, bj::string_view, ec&) { return true; }
  bool on_double(double, bj::string_view, ec&) { return true; }
  bool on_bool(bool, ec&) { return true; }
  bool on_null(ec&) { return true; }
  bool on_comment_part(bj::string_view, ec&) { return true; }
  bool on_comment(bj::string_view, ec&) { return true; }
};

}  // namespace

std::string describe_fault(std::string_view text, std::string_view otherwise) {
  bj::parse_options options;
  options.max_depth = max_depth;
  bj::basic_parser<ignore_all> parser(options);
  bj::error_code problem;
  const std::size_t at = parser.write_some(false, text.data(), text.size(), problem);
  if (problem) return problem.message() + " at byte " + std::to_string(at);
  if (at < text.size()) return "extra data at byte " + std::to_string(at);
  return std::string(otherwise);
}

}  // namespace switchyard::providers::json
