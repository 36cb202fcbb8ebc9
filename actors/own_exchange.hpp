// A request that the node makes on its own account: read like a client's, its answer kept instead of sent.
#pragma once

#include "net/exchange.hpp"

#include <string>

namespace switchyard::actors {

class own_exchange final : public net::exchange {
 public:
  /// POST `path` with a JSON body.
  own_exchange(net::io_thread& thread, std::string_view path, std::string body) : thread_(thread), started_(thread.now()), body_(std::move(body)) {
    body_.reserve(body_.size() + parser_padding);
    head_.method = "POST";
    head_.target = head_.path = path;
    head_.headers = {{"content-type", "application/json"}};
  }

  /// 0: none came.
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& answer() const noexcept { return answer_; }

  [[nodiscard]] const net::request_head& head() const noexcept override { return head_; }
  [[nodiscard]] net::io_thread& thread() noexcept override { return thread_; }
  [[nodiscard]] steady_time started() const noexcept override { return started_; }
  [[nodiscard]] std::string peer() const override { return {}; }
  [[nodiscard]] net::task<result<std::string_view>> read_body(std::uint64_t) override { co_return std::string_view(body_); }
  using net::exchange::respond;
  [[nodiscard]] net::task<outcome> respond(int status, std::span<const header>, std::span<const std::string_view> body) override {
    status_ = status;
    for (const auto piece : body) answer_ += piece;
    co_return done{};
  }
  [[nodiscard]] net::task<outcome> begin(int status, std::span<const header>) override {
    status_ = status;
    co_return done{};
  }
  [[nodiscard]] net::task<outcome> write(std::span<const std::string_view> pieces) override {
    for (const auto piece : pieces) answer_ += piece;
    co_return done{};
  }
  [[nodiscard]] net::task<outcome> end() override { co_return done{}; }
  void abort() noexcept override {}
  [[nodiscard]] bool begun() const noexcept override { return status_ != 0; }
  [[nodiscard]] bool client_gone() const noexcept override { return false; }
  void on_client_gone(std::function<void()>) override {}

 private:
  static constexpr std::size_t parser_padding = 64;
  net::io_thread& thread_;
  steady_time started_;
  std::string body_;
  net::request_head head_;
  int status_ = 0;
  std::string answer_;
};

}  // namespace switchyard::actors
