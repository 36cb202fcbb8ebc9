// JSON lines in, JSON lines out, in order, on several threads.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace switchyard::ctl {

struct line_job {
  std::string in;              ///< a file; "-": standard input
  std::string out = "-";       ///< a file; "-": standard output
  unsigned threads = 0;        ///< 0: one for every core
};

/// What is wrong with a field of a line: "FIELD: expected EXPECTED".
[[nodiscard]] inline error wrong_field(const std::string& field, const std::string& expected) {
  return client_error(error_code::invalid_request, field + ": expected " + expected, field);
}

/// Appends the answer to one line, its line break included. `number` counts from 1. Called from several threads at once.
using line_answer = std::function<outcome(std::string_view line, std::size_t number, std::string& to)>;

/// Answers every line that is not blank; the first line that cannot be answered ends it ("FILE:LINE: why"). Holds the lines of one
/// round and their answers, not the whole file. At the end tells `items=N seconds=S items_per_s=R us_per_item=U` on stderr.
[[nodiscard]] outcome answer_lines(const line_job& job, const line_answer& answer);

}  // namespace switchyard::ctl
