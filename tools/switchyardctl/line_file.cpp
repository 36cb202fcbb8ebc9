#include "tools/switchyardctl/line_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace switchyard::ctl {

namespace {

constexpr std::size_t lines_per_part = 64;                 // what a thread takes at a time
constexpr std::size_t lines_per_round = 8192;
constexpr std::size_t bytes_per_round = 16u << 20;
constexpr std::size_t longest_line = 64u << 20;            // a line beyond that is no prompt

struct numbered_line {
  std::size_t number = 0;
  std::string text;
};

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// The next round's lines; false at the end of the file.
bool read_round(std::istream& in, std::size_t& number, std::vector<numbered_line>& lines) {
  lines.clear();
  std::size_t bytes = 0;
  for (std::string text; lines.size() < lines_per_round && bytes < bytes_per_round && std::getline(in, text);) {
    ++number;
    if (is_blank(text)) continue;
    bytes += text.size();
    lines.push_back({number, std::move(text)});
  }
  return !lines.empty();
}

struct part_answer {
  std::string text;
  std::optional<error> problem;
  std::size_t problem_line = 0;
};

part_answer answer_part(const std::vector<numbered_line>& lines, std::size_t part, const line_answer& answer) {
  part_answer made;
  const auto end = std::min(lines.size(), (part + 1) * lines_per_part);
  for (auto i = part * lines_per_part; i < end; ++i) {
    auto done = lines[i].text.size() > longest_line
                    ? outcome(client_error(error_code::invalid_request, "the line is longer than 64 MiB"))
                    : answer(lines[i].text, lines[i].number, made.text);
    if (done) continue;
    made.problem = std::move(done.failure());
    made.problem_line = lines[i].number;
    break;
  }
  return made;
}

std::vector<part_answer> answer_round(const std::vector<numbered_line>& lines, unsigned threads, const line_answer& answer) {
  std::vector<part_answer> parts((lines.size() + lines_per_part - 1) / lines_per_part);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto part = next++; part < parts.size(); part = next++) parts[part] = answer_part(lines, part, answer);
  };
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < std::min<std::size_t>(threads, parts.size()); ++i) others.emplace_back(work);
    work();
  }
  return parts;
}

error file_problem(const std::string& path) {
  return internal_error(path + ": " + std::system_category().message(errno != 0 ? errno : EIO));
}

}  // namespace

outcome answer_lines(const line_job& job, const line_answer& answer) {
  using clock = std::chrono::steady_clock;
  std::ios::sync_with_stdio(false);
  errno = 0;
  std::ifstream in_file;
  if (job.in != "-") in_file.open(job.in);
  if (job.in != "-" && !in_file) return file_problem(job.in);
  std::ofstream out_file;
  if (job.out != "-") out_file.open(job.out, std::ios::trunc);
  if (job.out != "-" && !out_file) return file_problem(job.out);
  auto& in = job.in == "-" ? static_cast<std::istream&>(std::cin) : in_file;
  auto& out = job.out == "-" ? static_cast<std::ostream&>(std::cout) : out_file;

  const auto threads = job.threads != 0 ? job.threads : std::max(1u, std::thread::hardware_concurrency());
  const auto begin = clock::now();
  std::size_t number = 0, items = 0;
  for (std::vector<numbered_line> lines; read_round(in, number, lines); items += lines.size())
    for (const auto& part : answer_round(lines, threads, answer)) {
      out << part.text;
      if (!part.problem) continue;
      auto problem = *part.problem;
      problem.message = job.in + ":" + std::to_string(part.problem_line) + ": " + problem.message;
      return problem;
    }
  if (in.bad()) return file_problem(job.in);
  if (!out.flush()) return file_problem(job.out);
  const double seconds = std::chrono::duration<double>(clock::now() - begin).count();
  const auto count = static_cast<double>(items);
  std::fprintf(stderr, "items=%zu seconds=%.6f items_per_s=%.1f us_per_item=%.3f\n", items, seconds, seconds > 0 ? count / seconds : 0.0,
               items > 0 ? seconds * 1e6 / count : 0.0);
  return done{};
}

}  // namespace switchyard::ctl
