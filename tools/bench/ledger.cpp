// What a request pays for the ledger: reservations and settlements at a fixed rate through one I/O thread's inlet and the writer onto a disk.
//   bench_ledger [--rows 400000] [--rate 20000] [--long 5] [--sync] [--folder DIR]
// --long: per cent of requests that are over only after their reservation was handed over, as streams are. CPU is the process's, the I/O
// thread's part apart; the rest is the writer and RocksDB. Ends with 1 when an entry was dropped or the rows do not add up.
#include "actors/ledger_inlet.hpp"
#include "base/random.hpp"
#include "storage/ledger_query.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <string_view>

namespace {

using namespace switchyard;

struct options {
  std::uint64_t rows = 400'000;
  double rate = 20'000;
  int long_percent = 5;
  bool sync = false;
  std::string folder;
};

double cpu_seconds(clockid_t of) {
  timespec t{};
  clock_gettime(of, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double rss_mib() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return static_cast<double>(resident) * 4096 / (1 << 20);
}

/// Two keys of one provider, as in the proxies' benchmark.
std::shared_ptr<const routing::yard> make_yard() {
  auto yard = std::make_shared<routing::yard>();
  auto provider = std::make_shared<routing::provider_entry>();
  provider->config.name = "openai";
  for (const auto* name : {"key-1", "key-2"}) {
    auto key = std::make_shared<routing::key_entry>();
    key->config.name = name;
    key->provider = "openai";
    provider->keys.push_back(std::move(key));
  }
  yard->providers.push_back(std::move(provider));
  auto route = std::make_shared<routing::route_entry>();
  route->name = "direct";
  yard->direct = std::move(route);
  return yard;
}

class driver {
 public:
  driver(const options& wanted, net::io_thread& thread, std::shared_ptr<actors::ledger_writer> writer)
      : wanted_(wanted), thread_(thread), inlet_(thread, std::move(writer)), yard_(make_yard()) {}

  /// On the I/O thread. Returns the thread's CPU seconds.
  net::task<double> run() {
    const auto begun = steady_now();
    const auto cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    while (ended_ < wanted_.rows) {
      const auto due = wanted_.rate * std::chrono::duration<double>(steady_now() - begun).count();
      while (started_ < wanted_.rows && static_cast<double>(started_) < due) start();
      for (; !open_.empty() && (open_.size() > in_flight || started_ == wanted_.rows); open_.pop_front()) end(open_.front());
      const auto now = steady_now();
      for (; !long_.empty() && long_.front().until <= now; long_.pop_front()) end(long_.front());
      co_await thread_.sleep(milliseconds(10));
    }
    inlet_.flush();
    co_return cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
  }

 private:
  static constexpr std::size_t in_flight = 32;
  struct call {
    actors::ledger_entry entry;
    actors::ledger_inlet::place place;
    steady_time until;
  };

  void start() {
    const auto& provider = yard_->providers.front();
    call made;
    made.entry.id = {request_id::make(wall_now(), random_), 1};
    made.entry.route = yard_->direct.get();
    made.entry.key = provider->keys[started_ % 10 < 7 ? 0 : 1].get();
    made.entry.model = "small";
    made.entry.input_tokens = 230;
    auto reservation = made.entry;
    reservation.provider = provider.get();
    made.place = inlet_.add(std::move(reservation), yard_);
    const bool is_long = static_cast<int>(started_ * 37 % 100) < wanted_.long_percent;
    made.until = steady_now() + milliseconds(200);
    (is_long ? long_ : open_).push_back(std::move(made));
    ++started_;
  }

  void end(call& made) {
    auto* const waiting = inlet_.waiting(made.place);
    auto& entry = waiting != nullptr ? *waiting : made.entry;
    entry.settles = true;
    entry.whole = waiting != nullptr;
    entry.output_tokens = 20;
    entry.cost = 46'500;
    if (waiting == nullptr) inlet_.add(std::move(made.entry), yard_);
    ++ended_;
  }

  const options& wanted_;
  net::io_thread& thread_;
  actors::ledger_inlet inlet_;
  std::shared_ptr<const routing::yard> yard_;
  random_source random_{7};
  std::uint64_t started_ = 0, ended_ = 0;
  std::deque<call> open_, long_;
};

int usage() {
  std::fprintf(stderr, "usage: bench_ledger [--rows N] [--rate PER_SECOND] [--long PERCENT] [--sync] [--folder DIR]\n");
  return 2;
}

int run(const options& wanted) {
  config::config all;
  all.node.name = "bench";
  all.node.data_dir = wanted.folder;
  all.ledger.durability = wanted.sync ? config::ledger_durability::sync : config::ledger_durability::async;
  auto writer = actors::ledger_writer::open(all);
  if (!writer) {
    std::fprintf(stderr, "%s\n", writer.failure().message.c_str());
    return 1;
  }
  const double before = rss_mib();
  const auto begun = steady_now();
  const auto cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  double io_cpu = 0;
  {
    net::io_thread thread("io-0");
    driver drive(wanted, thread, *writer);
    std::promise<void> done;
    thread.start();
    thread.post([&] {
      [](driver& d, double& spent, std::promise<void>& over) -> net::detail::detached {
        spent = co_await d.run();
        over.set_value();
      }(drive, io_cpu, done);
    });
    done.get_future().wait();
    thread.stop();
    thread.join();
  }
  (*writer)->stop();
  const auto took = std::chrono::duration<double>(steady_now() - begun).count();
  const auto all_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  const double after = rss_mib();
  const auto figures = (*writer)->now();
  const auto rows = static_cast<double>(wanted.rows);
  std::printf("%llu rows in %.1f s (%.0f/s), dropped %llu, refused %llu\n", static_cast<unsigned long long>(figures.rows), took, rows / took,
              static_cast<unsigned long long>(figures.dropped), static_cast<unsigned long long>(figures.refused));
  std::printf("CPU per request: %.2f us = inlet %.2f + writer and RocksDB %.2f; RSS %.1f -> %.1f MiB\n", all_cpu / rows * 1e6, io_cpu / rows * 1e6,
              (all_cpu - io_cpu) / rows * 1e6, before, after);
  const auto found = storage::verify(*(*writer)->snapshot());
  if (!found) return 1;
  for (const auto& problem : found->problems) std::printf("verify: %s\n", problem.c_str());
  const bool well = found->problems.empty() && found->rows == wanted.rows && found->open_attempts == 0 && figures.dropped == 0 && figures.refused == 0;
  std::printf("verify: %llu rows, %s\n", static_cast<unsigned long long>(found->rows), well ? "all add up" : "NOT as they should be");
  return well ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  options wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--sync") {
      wanted.sync = true;
      continue;
    }
    if (i + 1 == argc) return usage();
    const char* const value = argv[++i];
    if (name == "--rows") wanted.rows = std::strtoull(value, nullptr, 10);
    else if (name == "--rate") wanted.rate = std::atof(value);
    else if (name == "--long") wanted.long_percent = std::atoi(value);
    else if (name == "--folder") wanted.folder = value;
    else return usage();
  }
  const bool own = wanted.folder.empty();
  if (own) {
    std::string made = (std::filesystem::temp_directory_path() / "bench-ledger-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) return 1;
    wanted.folder = made;
  }
  const int code = run(wanted);
  if (own) std::filesystem::remove_all(wanted.folder);
  return code;
}
