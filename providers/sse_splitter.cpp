#include "providers/sse_splitter.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

/// First LF or CR at or after `at`; text.size() when there is none.
[[nodiscard]] std::size_t find_eol(std::string_view text, std::size_t at) noexcept {
  const std::size_t lf = std::min(text.find('\n', at), text.size());
  return std::min(text.substr(0, lf).find('\r', at), lf);
}

}  // namespace

void sse_splitter::feed(std::string_view chunk) {
  chunk_ = chunk;
  at_ = start_ = 0;
  joined_.clear();
  if (joined_.capacity() > (1u << 16)) std::string{}.swap(joined_);
  if (long_ != nullptr) long_->last_whole.clear();
}

bool sse_splitter::next(sse_piece& out) {
  if (overlong_) return false;
  if (event_ended_by_cr_ && at_ < chunk_.size()) {
    event_ended_by_cr_ = false;
    if (chunk_[at_] == '\n') {
      out = {chunk_.substr(at_, 1), true};
      start_ = ++at_;
      return true;
    }
  }
  while (at_ < chunk_.size()) {
    const char c = chunk_[at_];
    if (c == '\n' && line_ended_by_cr_) {
      line_ended_by_cr_ = false;
      ++at_;
      continue;
    }
    line_ended_by_cr_ = false;
    if (c != '\n' && c != '\r') {
      line_empty_ = false;
      at_ = find_eol(chunk_, at_);
      continue;
    }
    ++at_;
    if (!line_empty_) {
      line_empty_ = true;
      line_ended_by_cr_ = c == '\r';
      continue;
    }
    if (c == '\r') {
      if (at_ == chunk_.size())
        event_ended_by_cr_ = true;
      else if (chunk_[at_] == '\n')
        ++at_;
    }
    const std::string_view rest = chunk_.substr(start_, at_ - start_);
    start_ = at_;
    if (size_so_far() + rest.size() > longest_event) {
      overlong_ = true;
      return false;
    }
    if (tail_.empty()) {
      out = {rest, false};
      return true;
    }
    add(rest);
    joined_.swap(tail_);
    tail_.clear();
    out = {joined_, false};
    if (is_long()) {
      std::swap(long_->whole, long_->last_whole);
      long_->size = 0;
      if (long_->keeps_bytes) out.whole = &long_->last_whole;
    }
    return true;
  }
  keep_rest();
  return false;
}

void sse_splitter::keep_rest() {
  const std::string_view rest = chunk_.substr(start_);
  start_ = at_ = chunk_.size();
  if (rest.empty()) return;
  if (size_so_far() + rest.size() > longest_event) {
    overlong_ = true;
    std::string{}.swap(tail_);
    if (long_ != nullptr) long_->whole.clear();
    return;
  }
  if (long_ != nullptr && !is_long() && tail_.size() + rest.size() > long_event) {
    std::string begun;
    begun.swap(tail_);
    long_->digest.begin();
    long_->size = begun.size() + rest.size();
    digest(begun);
    digest(rest);
    return;
  }
  add(rest);
}

void sse_splitter::add(std::string_view rest) {
  if (!is_long()) {
    tail_.append(rest);
    return;
  }
  long_->size += rest.size();
  digest(rest);
}

void sse_splitter::digest(std::string_view bytes) {
  long_->digest.feed(bytes, tail_);
  if (long_->keeps_bytes) long_->whole.append(bytes);
}

void sse_splitter::digest_long_events(digest_rule& rule, long_bytes bytes) {
  long_ = std::make_unique<long_events>(rule);
  long_->keeps_bytes = bytes == long_bytes::kept;
}

std::string_view sse_splitter::take_pending() {
  if (!joined_.empty()) {
    // An event was joined in this feed and must stay where it is; what is pending then came in this chunk alone.
    const std::string_view bytes = chunk_.substr(chunk_.size() - tail_.size());
    tail_.clear();
    return bytes;
  }
  joined_.swap(tail_);
  tail_.clear();
  return joined_;
}

sse_fields read_sse_fields(std::string_view event, std::string& storage) {
  sse_fields out;
  if (event.starts_with("\xEF\xBB\xBF")) event.remove_prefix(3);
  std::size_t data_lines = 0;
  for (std::size_t at = 0; at < event.size();) {
    const std::size_t end = find_eol(event, at);
    const std::string_view line = event.substr(at, end - at);
    at = end + 1;   // the LF of a CR LF reads as an empty line, which says nothing
    const std::size_t colon = line.find(':');
    if (line.empty() || colon == 0) continue;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (++data_lines == 1) {
        out.data = value;
      } else {
        if (data_lines == 2) storage.assign(out.data);
        storage += '\n';
        storage += value;
        out.data = storage;
      }
    } else if (name == "event") {
      out.event = value;
    }
  }
  out.has_data = data_lines != 0;
  return out;
}

}  // namespace switchyard::providers
