// HTTP clients whose answer is awaited. Each stays until it is there, whatever takes its place, and
// goes outside of its own callback; with this all of them go, answered or not.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "io/http/client/http_client.hpp"
#include "io/loop/event_loop.hpp"

namespace rap::host {

class Outstanding {
 public:
  explicit Outstanding(io::EventLoop& loop) : loop_(loop) {}

  template <class Done>
  void send(const std::shared_ptr<io::HttpClient>& client, const wire::HttpRequest& request,
            Done done) {
    const std::uint64_t number = next_++;
    clients_.emplace(number, client);
    client->send(request,
                 [this, number, done = std::move(done)](io::HttpClient::Result result) mutable {
                   loop_.post([client = std::move(clients_.extract(number).mapped())] {});
                   done(std::move(result));
                 });
  }

 private:
  io::EventLoop& loop_;
  std::unordered_map<std::uint64_t, std::shared_ptr<io::HttpClient>> clients_;
  std::uint64_t next_ = 0;
};

}  // namespace rap::host
