#include "sim/flows/flow_storm.hpp"

#include <algorithm>
#include <utility>

namespace rap::sim {

using flow::FlowSide;
using flow::SealedEnd;
using wire::FlowReason;
using wire::FrameType;

namespace {

constexpr Duration kTick = flow::kAckDelay;
constexpr Duration kRetry = 500ms;
constexpr wire::TrafficClass kClass = wire::TrafficClass::input;

std::uint8_t said_byte(std::uint64_t position, std::uint64_t salt) {
  return static_cast<std::uint8_t>((position + salt) * 0x9e3779b97f4a7c15ULL >> 56);
}

// What one hop counts of one direction of a path, as router::Switchboard does.
struct HopWindow {
  flow::SendWindow window;
  flow::CreditCheck sent;
};

// The local streams of one end, which know what must come.
struct Local final : flow::SealedEndEvents {
  Local(std::uint64_t own, std::uint64_t other) : salt(own), other_salt(other) {}

  void flow_data(ByteView bytes) override {
    const bool now_planted = std::exchange(planted, PlantedFlow::nothing) != PlantedFlow::nothing;
    for (const std::uint8_t byte : bytes) {
      if (byte != said_byte(heard++, other_salt)) wrong = true;
    }
    if (now_planted) heard += planted_twice ? bytes.size() : 0 - bytes.size();
    untaken += bytes.size();
  }
  void flow_finished() override { finished = true; }
  void flow_has_room() override {}
  void path_over(std::uint64_t path, FlowReason /*reason*/) override { over.push_back(path); }
  void flow_ended(wire::FlowEnding ending) override {
    ended = true;
    why = ending;
  }

  std::uint64_t salt;
  std::uint64_t other_salt;
  std::uint64_t to_say = 0;
  std::uint64_t said = 0;
  bool said_all = false;
  std::uint64_t heard = 0;
  std::size_t untaken = 0;
  bool wrong = false;
  bool finished = false;
  bool ended = false;
  wire::FlowEnding why;
  std::vector<std::uint64_t> over;
  PlantedFlow planted = PlantedFlow::nothing;
  bool planted_twice = false;
};

}  // namespace

struct FlowStorm::Person {
  crypto::X25519KeyPair key;
  crypto::ResumeGrant grant;  // all that person's flows are of one session and for one resource
  Duration asleep_until{0};
};

struct FlowStorm::Talk {
  Talk(Person& p, std::uint64_t salt) : person(p), client(salt, salt + 1), egress(salt + 1, salt) {}
  Person& person;
  Local client;
  Local egress;
  std::unique_ptr<SealedEnd> end;
  std::optional<wire::FlowId> id;
  bool asking = false;
  std::uint64_t attempts = 0;
  std::uint64_t route = 0;  // that the client has
  std::optional<Duration> without_path_since;  // whether it knows or not
  bool slept = false;  // since then
  Bytes recorded;  // a first message that somebody kept
};

struct FlowStorm::Route {
  Route(std::uint64_t n, Talk& t) : number(n), talk(t) {}
  flow::FlowPath at(flow::SendQueue& queue) {
    return {.number = number,
            .label = static_cast<std::uint32_t>(number & 0xffff) | 1,
            .queue = &queue};
  }

  std::uint64_t number;
  Talk& talk;
  int entry = 0;
  flow::SendQueue up;
  flow::SendQueue down;
  HopWindow up_hop;
  HopWindow down_hop;
  Duration latency{0};
  Duration last_up{0};
  Duration last_down{0};
  bool silent = false;  // it takes frames and carries none
  bool hostile = false;
  bool client_knows = true;  // the ends have it still
  bool egress_knows = true;
};

FlowStorm::FlowStorm(FlowStormPlan plan)
    : plan_(plan),
      rng_(plan.seed),
      egress_key_(crypto::X25519KeyPair::generate(rng_)),
      egress_(egress_key_, rng_) {
  for (int i = 0; i < plan_.people; ++i) {
    people_.push_back(std::make_unique<Person>());
    people_.back()->key = crypto::X25519KeyPair::generate(rng_);
    crypto::ResumeGrant& grant = people_.back()->grant;
    grant.user = UserId::random(rng_);
    grant.classes = {kClass};
    grant.flow_key = people_.back()->key.public_key;
    for (int n = 0; n < plan_.flows_of_one; ++n) {
      auto talk = std::make_unique<Talk>(*people_.back(), rng_.next());
      talk->client.to_say = rng_.below(plan_.most_bytes);
      talk->egress.to_say = rng_.below(plan_.most_bytes);
      talks_.push_back(std::move(talk));
    }
  }
}

FlowStorm::~FlowStorm() = default;

void FlowStorm::fail(std::string what) {
  if (!result_.violation) result_.violation = std::move(what);
}

FlowStorm::Route& FlowStorm::new_route(Talk& talk, int entry) {
  auto route = std::make_unique<Route>(next_route_++, talk);
  route->entry = entry;
  route->latency = 2ms + std::chrono::milliseconds{rng_.below(60)};
  route->hostile = plan_.hostile && stormy() && rng_.below(4) == 0;
  Route& out = *route;
  routes_.emplace(out.number, std::move(route));
  return out;
}

// The token's way is the same and not simulated: the flow is there.
void FlowStorm::start(Talk& talk) {
  Route& route =
      new_route(talk, static_cast<int>(rng_.below(static_cast<std::uint64_t>(plan_.entries))));
  crypto::SealInitiator handshake(talk.person.key, egress_key_.public_key, rng_);
  auto arrival = egress_.read(
      handshake.first_message(wire::FirstMessage{kClass, std::nullopt, "token"}.encode()));
  if (!arrival) return fail("a flow is not opened");
  const auto opened = egress_.open(now(), std::move(*arrival), route.at(route.down),
                                   flow::FlowRights::of(talk.person.grant), talk.egress);
  auto keys = handshake.finish(opened.answer);
  const auto answer = wire::FlowAnswer::decode(handshake.answer());
  if (!keys || !answer) return fail("an answer is not understood");
  talk.id = opened.flow;
  talk.end = std::make_unique<SealedEnd>(FlowSide::opener, kClass, memory_, talk.client, now());
  talk.route = route.number;
  talk.end->opened(now(), route.at(route.up), std::move(*keys), answer->position);
}

// The client asks some entry to reach the egress: the first message takes its time, and so does the
// answer.
void FlowStorm::ask(Talk& talk) {
  if (talk.asking || talk.client.ended || talk.person.asleep_until > schedule_.now()) return;
  talk.asking = true;
  Route& route =
      new_route(talk, static_cast<int>(rng_.below(static_cast<std::uint64_t>(plan_.entries))));
  crypto::SealInitiator handshake(talk.person.key, egress_key_.public_key, rng_);
  const Bytes first = handshake.first_message(
      wire::FirstMessage{kClass, talk.id, "grant", ++talk.attempts}.encode());
  if (rng_.below(3) == 0) talk.recorded = first;
  schedule_.after(kRetry * 4, [&talk] { talk.asking = false; });
  auto shared = std::make_shared<crypto::SealInitiator>(std::move(handshake));
  const std::uint64_t number = route.number;
  schedule_.after(route.latency, [this, &talk, number, first, shared] {
    const auto it = routes_.find(number);
    if (it == routes_.end() || it->second->silent) return;
    answer(talk, *it->second, first, std::move(*shared));
  });
}

void FlowStorm::answer(Talk& talk, Route& route, const Bytes& first,
                       crypto::SealInitiator handshake) {
  auto arrival = egress_.read(first);
  if (!arrival) return fail("a first message is not read");
  const std::uint64_t attempt = arrival->attempt;
  const auto answered =
      egress_.resume(now(), std::move(*arrival), route.at(route.down), talk.person.grant);
  auto shared = std::make_shared<crypto::SealInitiator>(std::move(handshake));
  const std::uint64_t number = route.number;
  schedule_.after(route.latency, [this, &talk, number, answered, shared, attempt] {
    const auto it = routes_.find(number);
    if (it == routes_.end() || it->second->silent || talk.client.ended) return;
    // It has asked again meanwhile, and that question was there first.
    if (!answered && answered.error() == FlowReason::superseded && attempt < talk.attempts) return;
    talk.asking = false;
    if (!answered) return fail("a flow is refused: " + std::string(to_string(answered.error())));
    auto keys = shared->finish(*answered);
    const auto said = wire::FlowAnswer::decode(shared->answer());
    if (!keys || !said) return fail("an answer is not understood");
    ++result_.resumed;
    if (talk.without_path_since && !talk.slept) {
      result_.longest_gap =
          std::max(result_.longest_gap, schedule_.now() - *talk.without_path_since);
    }
    talk.without_path_since.reset();
    talk.slept = false;
    talk.route = number;
    talk.client.planted = plan_.planted;
    talk.client.planted_twice = plan_.planted == PlantedFlow::hears_twice;
    talk.end->resumed(now(), it->second->at(it->second->up), std::move(*keys), said->position);
  });
}

void FlowStorm::path_gone(Talk& talk) {
  if (!talk.without_path_since) talk.without_path_since = schedule_.now();
}

// One hop, as every node between plays it: true, the frame goes on.
bool FlowStorm::passes_hop(Route& route, bool up, Bytes& frame) {
  HopWindow& own = up ? route.up_hop : route.down_hop;
  HopWindow& other = up ? route.down_hop : route.up_hop;
  const std::size_t payload = frame.size() - wire::kFrameHeader;
  if (wire::frame_type(frame.data()) == FrameType::data) {
    const auto content = static_cast<std::uint32_t>(payload - wire::kSealOverhead);
    if (!own.window.spend(content)) fail("an end sends beyond the window of the hops");
    own.sent.departed(content);
  } else if (wire::frame_type(frame.data()) == FrameType::credit) {
    const auto credit = wire::decode_credit(ByteView(frame).subspan(wire::kFrameHeader));
    const std::uint32_t believed = other.sent.believe(*credit);
    if (believed == 0) return false;
    other.window.grant(believed);
    wire::FrameHeader header = *wire::decode_header(frame.data());
    frame.resize(wire::kFrameHeader);
    wire::encode_header(header, frame.data());
    const auto again = wire::encode_credit(believed);
    frame.insert(frame.end(), again.begin(), again.end());
  }
  return true;
}

void FlowStorm::tamper(std::vector<Bytes>& frames) {
  if (frames.empty() || rng_.below(8) != 0) return;
  ++result_.frames_tampered;
  const auto at = static_cast<std::ptrdiff_t>(rng_.below(frames.size()));
  Bytes& one = frames[static_cast<std::size_t>(at)];
  switch (rng_.below(4)) {
    case 0: one.back() ^= 1; return;
    case 1: frames.erase(frames.begin() + at); return;
    case 2: frames.insert(frames.begin() + at, Bytes(one)); return;
    default: std::swap(frames.front(), one);
  }
}

void FlowStorm::pump(Route& route) {
  for (const bool up : {true, false}) {
    flow::SendQueue& queue = up ? route.up : route.down;
    std::vector<Bytes> frames;
    for (int runs = 0; runs < 4 && !queue.empty(); ++runs) {
      Bytes run = to_bytes(queue.peek());
      queue.consume(run.size());
      for (MutableBytes rest(run); !rest.empty();) {
        const auto next = wire::next_frame(rest);
        Bytes frame = to_bytes((*next)->whole);
        rest = rest.subspan(frame.size());
        if (passes_hop(route, up, frame)) frames.push_back(std::move(frame));
      }
    }
    if (route.silent) continue;
    if (route.hostile && stormy()) tamper(frames);
    Duration& last = up ? route.last_up : route.last_down;
    for (Bytes& frame : frames) {
      last = std::max(last, schedule_.now() + route.latency);
      const std::uint64_t number = route.number;
      schedule_.at(last, [this, number, up, moved = std::move(frame)] {
        const auto it = routes_.find(number);
        if (it != routes_.end() && !it->second->silent) arrive(*it->second, up, moved);
      });
    }
  }
}

void FlowStorm::arrive(Route& route, bool up, Bytes frame) {
  for (const std::uint8_t byte : frame) result_.digest = (result_.digest ^ byte) * 0x100000001b3ULL;
  const auto view = **wire::next_frame(frame);
  Talk& talk = route.talk;
  if (up) {
    egress_.with(now(), *talk.id, [&](SealedEnd& end) {
      end.receive(now(), route.number, view.header.type, view.payload);
    });
  } else if (talk.person.asleep_until <= schedule_.now()) {
    talk.end->receive(now(), route.number, view.header.type, view.payload);
  }
  check();
}

// A path whose death is noticed is lost at both ends at once; of the other kind nobody hears.
void FlowStorm::kill(Route& route, bool noticed) {
  route.silent = true;
  Talk& talk = route.talk;
  if (talk.route == route.number) path_gone(talk);
  if (!noticed) return;
  talk.end->path_lost(now(), route.number);
  egress_.with(now(), *talk.id, [&](SealedEnd& end) { end.path_lost(now(), route.number); });
  route.client_knows = route.egress_knows = false;
}

void FlowStorm::speak(Talk& talk) {
  const auto some_of = [&](Local& local, std::size_t room) {
    const std::uint64_t most =
        stormy() && rng_.below(8) != 0 ? 1 : plan_.most_at_once;  // people think, too
    Bytes bytes(std::min<std::uint64_t>({rng_.below(most), local.to_say - local.said, room}));
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = said_byte(local.said + i, local.salt);
    local.said += bytes.size();
    result_.bytes += bytes.size();
    return bytes;
  };
  const bool takes = schedule_.now() >= plan_.untaken;
  if (!talk.client.ended && talk.person.asleep_until <= schedule_.now()) {
    talk.end->take(now(), some_of(talk.client, talk.end->room()));
    if (takes) talk.end->consumed(now(), std::exchange(talk.client.untaken, 0));
    const bool all = talk.client.said == talk.client.to_say && !stormy();
    if (all && !std::exchange(talk.client.said_all, true)) talk.end->finish(now());
  }
  egress_.with(now(), *talk.id, [&](SealedEnd& end) {
    end.take(now(), some_of(talk.egress, end.room()));
    if (takes && rng_.below(4) == 0) end.consumed(now(), std::exchange(talk.egress.untaken, 0));
    const bool all = talk.egress.said == talk.egress.to_say && talk.egress.finished;
    if (all && !std::exchange(talk.egress.said_all, true)) end.finish(now());
  });
}

void FlowStorm::tick() {
  egress_.tick(now());
  for (const auto& talk : talks_) {
    if (talk->client.ended) continue;
    speak(*talk);
    if (talk->person.asleep_until > schedule_.now()) continue;
    if (const auto when = talk->end->next_wakeup(); when && *when <= now())
      talk->end->wakeup(now());
    if (talk->client.ended || talk->end->has_path()) continue;
    path_gone(*talk);
    ask(*talk);
  }
  for (const auto& [number, route] : routes_) pump(*route);
  // A path that both ends have left is nobody's.
  for (const auto& talk : talks_) {
    for (const std::uint64_t path : std::exchange(talk->client.over, {})) {
      if (const auto it = routes_.find(path); it != routes_.end()) it->second->client_knows = false;
    }
    for (const std::uint64_t path : std::exchange(talk->egress.over, {})) {
      if (const auto it = routes_.find(path); it != routes_.end()) it->second->egress_knows = false;
    }
  }
  std::erase_if(routes_, [](const auto& one) {
    const Route& route = *one.second;
    return !route.client_knows && !route.egress_knows && route.up.empty() && route.down.empty();
  });
  check();
}

void FlowStorm::trouble() {
  const auto some_route = [&]() -> Route* {
    if (routes_.empty()) return nullptr;
    auto it = routes_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(rng_.below(routes_.size())));
    return it->second.get();
  };
  switch (rng_.below(6)) {
    case 0: {  // an entry dies, with all that goes through it
      const int entry = static_cast<int>(rng_.below(static_cast<std::uint64_t>(plan_.entries)));
      for (const auto& [number, route] : routes_) {
        if (route->entry == entry) kill(*route, rng_.below(2) == 0);
      }
      return;
    }
    case 1: {  // somebody closes the laptop
      Person& person = *people_[rng_.below(people_.size())];
      person.asleep_until = schedule_.now() + 5s + std::chrono::seconds{rng_.below(60)};
      for (const auto& [number, route] : routes_) {
        if (&route->talk.person == &person) kill(*route, false);
      }
      for (const auto& talk : talks_) {
        if (&talk->person == &person) talk->slept = true;
      }
      return;
    }
    case 2:  // a path is changed while it works
      return ask(*talks_[rng_.below(talks_.size())]);
    case 3: {  // somebody plays a recorded first message again
      Talk& talk = *talks_[rng_.below(talks_.size())];
      if (talk.recorded.empty() || talk.client.ended || talk.egress.ended) return;
      Route& route = new_route(talk, 0);
      route.silent = true;
      route.client_knows = false;
      if (auto arrival = egress_.read(talk.recorded)) {
        static_cast<void>(
            egress_.resume(now(), std::move(*arrival), route.at(route.down), talk.person.grant));
      }
      return;
    }
    default:
      if (Route* route = some_route()) kill(*route, rng_.below(2) == 0);
  }
}

void FlowStorm::note_bounds(const SealedEnd& end) {
  const std::size_t tail = end.core().tail_bytes();
  const std::uint64_t untaken = end.core().undelivered();
  result_.tail_was_full = result_.tail_was_full || tail == flow::kMaxTail;
  result_.limit_was_reached = result_.limit_was_reached || untaken == flow::kInitialWindow;
  if (tail > flow::kMaxTail) fail("a tail too long");
  if (untaken > flow::kInitialWindow) fail("more came than the limit allows");
}

void FlowStorm::check() {
  for (const auto& talk : talks_) {
    const auto& [client, egress] = std::tie(talk->client, talk->egress);
    if (client.wrong || egress.wrong) return fail("bytes that were not said, or not then");
    if (client.heard > egress.said || egress.heard > client.said) return fail("more than was said");
    if (talk->end) note_bounds(*talk->end);
    if (talk->id) egress_.with(now(), *talk->id, [&](SealedEnd& end) { note_bounds(end); });
    for (const Local* local : {&client, &egress}) {
      if (local->ended && local->why) {
        return fail("a flow ended: " + std::string(wire::to_string(*local->why)));
      }
    }
  }
  if (egress_.held_bytes() > flow::HoldBounds{}.bytes) fail("more is held than may be");
}

FlowStormResult FlowStorm::run() {
  for (const auto& talk : talks_) start(*talk);
  const Duration end = plan_.storm + plan_.calm;
  Duration next_trouble = 1s;
  const auto all_done = [&] {
    return std::ranges::all_of(talks_, [](const auto& talk) { return talk->client.ended; });
  };
  for (Duration at = kTick; at <= end && !result_.violation && !all_done(); at += kTick) {
    while (schedule_.step(at)) {
      if (result_.violation) return result_;
    }
    tick();
    if (stormy() && at >= next_trouble) {
      trouble();
      next_trouble = at + std::chrono::milliseconds{100 + rng_.below(1500)};
    }
    // The storm leaves no path dead: what is silent is cut, as a kernel does in the end.
    if (!stormy() && at - plan_.storm < kTick) {
      for (const auto& [number, route] : routes_) {
        if (route->silent || route->hostile) kill(*route, true);
      }
    }
  }
  if (!result_.violation && !all_done()) fail("flows that do not come to their end");
  for (const auto& talk : talks_) {
    if (result_.violation) break;
    if (talk->client.heard != talk->egress.to_say || talk->egress.heard != talk->client.to_say) {
      fail("flows that end without all that was said");
    }
  }
  return result_;
}

}  // namespace rap::sim
