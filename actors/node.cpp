#include "actors/node.hpp"

#include "actors/actor_world.hpp"
#include "actors/admin_plane.hpp"
#include "actors/admin_answers.hpp"
#include "actors/cache_keeper.hpp"
#include "actors/cluster/board.hpp"
#include "actors/cluster/cache_exchange.hpp"
#include "actors/cluster/wiring.hpp"
#include "actors/data_plane.hpp"
#include "actors/provider_embedding.hpp"
#include "base/log.hpp"
#include "config/addresses.hpp"
#include "net/peer_links.hpp"
#include "net/server.hpp"
#include "net/upstream.hpp"
#include "providers/registry.hpp"

#include <condition_variable>
#include <future>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace switchyard::actors {

namespace {

constexpr auto verdict_within = seconds(25);

int thread_count(const config::server_section& server) {
  if (server.threads > 0) return server.threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

bool is_same_cluster(const config::cluster_section& a, const config::cluster_section& b) {
  return a.name == b.name && a.members == b.members && a.listen == b.listen && a.seeds == b.seeds && a.tls.has_value() == b.tls.has_value();
}

net::server_options data_options(const config::server_section& server) {
  net::server_options options;
  options.listen = server.listen;
  options.max_connections = server.max_connections;
  options.header_timeout = server.header_timeout;
  options.idle_timeout = server.idle_timeout;
  options.tls = server.tls;
  options.error_body = [](const error& what) { return providers::openai_ingress().error_body(what); };
  return options;
}

}  // namespace

struct node::state {
  std::mutex config_mutex;
  config::config config;                         // in force
  config::config own;                            // what this node's file gives: all of it counts alone, and in a cluster its own sections
  std::string own_text;
  std::atomic<actor_world*> taking_configs{nullptr};   // null: not yet, or no more
  dashboard_page dashboard;
  data_plane_limits limits;
  std::optional<config::listen_address> cluster_address;
  std::atomic<bool> draining{false};
  bool running = false;

  std::vector<std::unique_ptr<net::io_thread>> io;
  std::unique_ptr<net::io_thread> admin_thread;
  std::shared_ptr<ledger_writer> ledger;
  std::shared_ptr<cache_keeper> cache;
  std::unique_ptr<net::io_thread> cluster_thread;          // null: this node stands alone
  std::shared_ptr<net::peer_links> links;
  std::unique_ptr<actor_world> world;
  std::vector<std::unique_ptr<thread_context>> contexts;   // by I/O thread
  std::unique_ptr<net::server> data;
  std::unique_ptr<admin_plane> admin;

  void take_limits(const config::config& from) {
    limits.max_body.store(from.server.max_body);
    limits.request_timeout_ms.store(from.server.request_timeout.count());
    limits.keep_prompts.store(from.telemetry.decisions_with_prompts);
  }

  /// A file of a node in a cluster: its own sections for this node, the others for all.
  outcome offer(config::config next, std::string text) {
    config::config before;
    {
      const std::lock_guard guard(config_mutex);
      before = std::exchange(own, std::move(next));
    }
    auto ended = std::make_shared<std::promise<config_verdict>>();
    auto verdict = ended->get_future();
    const bool asked = world->propose({config_proposal::origin::file, std::move(text), {}, [ended](config_verdict how) { ended->set_value(std::move(how)); }});
    std::string why = "the cluster takes no configuration now";
    if (asked) {
      why = "the cluster did not decide in time; what it decides is logged";
      if (verdict.wait_for(verdict_within) == std::future_status::ready) {
        auto how = verdict.get();
        if (how.what == config_verdict::kind::in_force) return done{};
        why = std::move(how.why);
      }
    }
    const std::lock_guard guard(config_mutex);
    own = std::move(before);
    return client_error(error_code::invalid_request, why);
  }

  void put_into_force(const config::config& next) {
    take_limits(next);
    cache->configure(next);
    fetch_example_vectors();
    const std::lock_guard guard(config_mutex);
    config = next;
  }

  io_hooks hooks() {
    io_hooks hooks;
    hooks.probe_endpoint = [this](std::string base_url, std::function<void(bool)> then) {
      auto parsed = net::parse_base_url(base_url);
      if (!parsed) return then(false);
      if (const auto yard = world->feed().current())
        for (const auto& provider : yard->providers)
          for (const auto& key : provider->keys)
            if (key->base_url == base_url && provider->config.allow_private) parsed->where.allow_private = true;
      auto& thread = *io.front();
      thread.post([&thread, where = parsed->where, then = std::move(then)] {
        net::detach([](net::io_thread& home, net::endpoint place, std::function<void(bool)> call) -> net::task<void> {
          call(co_await net::probe_endpoint(home, place, seconds(1)));
        }(thread, where, then));
      });
    };
    hooks.drain = [this] {
      if (!draining.exchange(true)) log::info("draining", "drain was asked for: /readyz answers 503, requests are still served");
    };
    hooks.cache_stats = [this] { return cache->stats_json(); };
    hooks.clear_cache = [this](std::string route, std::string tenant, std::string tag) { return cache->clear(std::move(route), std::move(tenant), std::move(tag)); };
    hooks.own_config = [this] {
      const std::lock_guard guard(config_mutex);
      return own;
    };
    hooks.config_text = [this] { return own_text; };
    hooks.apply_config = [this](const config::config& next, std::function<void(outcome)> then) {
      auto* const to = taking_configs.load();
      if (to == nullptr) return false;
      to->reload(next, [this, next, then = std::move(then)](outcome taken) {
        if (taken) put_into_force(next);
        then(std::move(taken));
      });
      return true;
    };
    hooks.connections = [this] { return data ? data->connections() : 0; };
    return hooks;
  }

  /// Binds the cluster's port and reads its certificates; says nothing to anyone yet.
  result<std::shared_ptr<cluster_wiring>> wire_cluster() {
    const auto& section = config.cluster;
    if (!section.listen) return std::shared_ptr<cluster_wiring>();
    cluster_thread = std::make_unique<net::io_thread>("cluster");
    links = std::make_shared<net::peer_links>(*cluster_thread, net::peer_options{section.name, config.node.name, section.members, *section.listen, section.tls, 0});
    auto at = links->start();
    if (!at) {
      links.reset();
      cluster_thread.reset();
      return at.failure();
    }
    cluster_address = *at;
    auto wiring = std::make_shared<cluster_wiring>();
    wiring->roster.self = {config.node.name, 0, config::to_string(*at), std::string(build_version())};
    wiring->roster.configured = section.members;
    for (const auto& seed : section.seeds) wiring->roster.seeds.push_back({seed.host, seed.port, {}});
    wiring->transport = links;
    wiring->joined = [this] { limits.joining.store(false, std::memory_order_relaxed); };
    limits.joining.store(true);
    cluster_thread->start();
    return wiring;
  }

  void end_cluster() {
    if (!cluster_thread) return;
    links->stop();
    cluster_thread->stop();
    cluster_thread->join();
    links.reset();
    cluster_thread.reset();
  }

  /// A config is in force: what its semantic stages want of providers is fetched in the background, by the first I/O thread.
  void fetch_example_vectors() {
    const auto book = world->vectors();
    const auto yard = world->feed().current();
    const auto models = book->adopt(*yard);
    for (const auto& model : models)
      contexts.front()->thread.post([here = contexts.front().get(), book, model, generation = book->generation()] {
        net::detach(fetch_examples(*here, book, model, generation));
      });
  }

  // Each thread hands in its last batch and closes its idle upstream connections, on that thread.
  void flush_threads() {
    std::mutex mutex;
    std::condition_variable through;
    std::size_t left = contexts.size();
    for (auto& context : contexts) {
      context->thread.post([&, here = context.get()] {
        here->flush();
        here->ledger.flush();
        const std::lock_guard guard(mutex);
        if (--left == 0) through.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    through.wait_for(lock, seconds(2), [&] { return left == 0; });
  }
};

node::node(config::config initial, dashboard_page dashboard, std::string text) : state_(std::make_unique<state>()) {
  state_->own = initial;
  state_->own_text = std::move(text);
  state_->config = std::move(initial);
  state_->dashboard = std::move(dashboard);
}

node::~node() { stop(); }

result<node_addresses> node::start() {
  auto& s = *state_;
  s.take_limits(s.config);
  auto ledger = ledger_writer::open(s.config);
  if (!ledger) return ledger.failure();
  s.ledger = *std::move(ledger);
  s.cache = std::make_shared<cache_keeper>(s.config.node.data_dir);
  const int threads = thread_count(s.config.server);
  for (int i = 0; i < threads; ++i) s.io.push_back(std::make_unique<net::io_thread>("io-" + std::to_string(i)));
  s.admin_thread = std::make_unique<net::io_thread>("admin");
  for (auto& thread : s.io) thread->start();
  s.admin_thread->start();
  s.running = true;
  auto cluster = s.wire_cluster();
  if (!cluster) return cluster.failure();
  if (*cluster) {
    (*cluster)->cache = s.cache;
    (*cluster)->cache_traffic = std::make_shared<cache_exchange>((*cluster)->transport);
    s.cache->share((*cluster)->cache_traffic);
  }
  s.cache->configure(s.config);
  try {
    s.world = std::make_unique<actor_world>(s.config, s.hooks(), s.ledger, *cluster);
  } catch (const std::runtime_error& why) {
    return client_error(error_code::invalid_request, why.what());
  }

  std::random_device seed;
  std::vector<net::io_thread*> pointers;
  for (auto& thread : s.io) {
    pointers.push_back(thread.get());
    s.contexts.push_back(std::make_unique<thread_context>(
        *thread, s.world->feed(), s.limits, s.draining,
        [world = s.world.get()](std::vector<request_record> batch) {
          world->report(std::move(batch));
          return world->spent_batch();
        },
        s.ledger,
        (static_cast<std::uint64_t>(seed()) << 32) ^ seed()));
    s.contexts.back()->cache = s.cache;
    s.contexts.back()->vectors = std::make_shared<prompt_vectors>(*s.contexts.back(), s.world->vectors());
  }
  auto options = data_options(s.config.server);
  options.first_connection = [links = std::weak_ptr(s.links)] {
    if (const auto to = links.lock()) to->wake();
  };
  s.data = std::make_unique<net::server>(pointers, std::move(options), [this](net::exchange& x) {
    auto& contexts = state_->contexts;
    for (auto& context : contexts)
      if (&context->thread == &x.thread()) return serve_request(*context, x);
    std::abort();   // a connection lives on one of the server's threads
  });
  auto data = s.data->start();
  if (!data) return data.failure();
  s.admin = std::make_unique<admin_plane>(*s.admin_thread, *s.world, s.config.admin, *data, s.dashboard, s.draining);
  auto admin = s.admin->start();
  if (!admin) return admin.failure();
  s.fetch_example_vectors();
  s.taking_configs = s.world.get();
  return node_addresses{*data, *admin, s.cluster_address};
}

outcome node::reload(config::config next, std::string text) {
  auto& s = *state_;
  config::config was;
  {
    const std::lock_guard guard(s.config_mutex);
    was = s.config;
  }
  if (!(next.server.listen == was.server.listen) || next.server.threads != was.server.threads || !(next.admin.listen == was.admin.listen) ||
      next.server.tls.has_value() != was.server.tls.has_value() || next.server.max_connections != was.server.max_connections || !is_same_cluster(next.cluster, was.cluster))
    log::warn("reload_needs_restart", "listen addresses, threads, TLS, max_connections and cluster change only with a restart");
  if (s.links)
    if (auto renewed = s.links->renew_certificates(); !renewed) log::error("cluster_certificates_kept", renewed.failure().message + "; the old ones stay in use", {});
  if (s.cluster_thread) return s.offer(std::move(next), std::move(text));
  const auto taken = std::make_shared<std::promise<outcome>>();
  auto ended = taken->get_future();
  s.world->reload(next, [taken](outcome how) { taken->set_value(std::move(how)); });
  auto answer = ended.get();
  if (answer) s.put_into_force(next);
  return answer;
}

void node::stop() {
  auto& s = *state_;
  if (!s.running) return;
  s.running = false;
  s.draining.store(true);
  s.taking_configs = nullptr;
  if (s.world) s.world->leave_cluster();
  milliseconds drain_timeout{};
  {
    const std::lock_guard guard(s.config_mutex);
    drain_timeout = s.config.server.drain_timeout;
  }
  if (s.data) s.data->drain(drain_timeout);
  s.flush_threads();
  if (s.ledger) s.ledger->stop();                // answers that wait for it are on their way before the threads end
  if (s.cache) s.cache->stop();
  if (s.admin) s.admin->stop();
  for (auto& thread : s.io) thread->stop();
  for (auto& thread : s.io) thread->join();
  s.admin_thread->stop();
  s.admin_thread->join();
  s.world.reset();
  s.end_cluster();
  s.ledger.reset();
  s.admin.reset();
  s.data.reset();
  s.contexts.clear();
  s.admin_thread.reset();
  s.io.clear();
}

}  // namespace switchyard::actors
