// The contract's checks against adapters with a fault: whoever breaks the contract is found, and by
// the check that says so.
#include "adapters/contract/adapter_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <utility>

#include "adapters/contract/test_memory_world.hpp"

namespace rap::adapters {
namespace {

using testing::Contains;
using testing::IsEmpty;

// An adapter without a fault: it passes everything on between the egress and the one in memory.
// Each fault changes one thing of it.
class NoFault : public Adapter, protected TargetEvents {
 public:
  explicit NoFault(MemoryAdapter& memory) : inner(memory) {}

  void attach(TargetEvents& events) override {
    egress = &events;
    inner.attach(*this);
  }
  void open(TargetId id, const ResourceRequest& request) override { inner.open(id, request); }
  void write(TargetId id, ByteView data) override { inner.write(id, data); }
  void finish(TargetId id) override { inner.finish(id); }
  void resume(TargetId id) override { inner.resume(id); }
  void close(TargetId id) override { inner.close(id); }
  void release(TargetId id) override { inner.release(id); }

  virtual void turn() {}  // time passes

 protected:
  void target_opened(TargetId id) override { egress->target_opened(id); }
  void target_failed(TargetId id, TargetFailure failure) override {
    egress->target_failed(id, failure);
  }
  std::size_t target_data(TargetId id, ByteView data) override {
    return egress->target_data(id, data);
  }
  void target_consumed(TargetId id, std::size_t n) override { egress->target_consumed(id, n); }
  void target_ended(TargetId id) override { egress->target_ended(id); }
  void target_lost(TargetId id, TargetFailure how) override { egress->target_lost(id, how); }

  MemoryAdapter& inner;
  TargetEvents* egress = nullptr;
};

struct TellsFromWithin final : NoFault {
  using NoFault::NoFault;
  void open(TargetId id, const ResourceRequest& request) override {
    inner.open(id, request);
    egress->target_opened(id);
  }
  void target_opened(TargetId) override {}
};

struct ReportsOpenBeforeItIs final : NoFault {
  using NoFault::NoFault;
  std::vector<TargetId> opening;
  void open(TargetId id, const ResourceRequest& request) override {
    inner.open(id, request);
    opening.push_back(id);
  }
  void turn() override {
    for (const TargetId id : std::exchange(opening, {})) egress->target_opened(id);
  }
  void target_opened(TargetId) override {}
};

struct BlamesTheWayForEverything final : NoFault {
  using NoFault::NoFault;
  void target_failed(TargetId id, TargetFailure) override {
    egress->target_failed(id, TargetFailure::unreachable);
  }
};

struct DeliversBytesAfterClose final : NoFault {
  using NoFault::NoFault;
  std::vector<TargetId> closed;
  void close(TargetId id) override {
    inner.close(id);
    closed.push_back(id);
  }
  void turn() override {
    for (const TargetId id : std::exchange(closed, {})) egress->target_data(id, as_bytes("late"));
  }
};

// What the egress did not take is offered again without being asked for.
struct OffersAgainUnasked final : NoFault {
  using NoFault::NoFault;
  std::map<TargetId, std::string> kept;
  std::size_t target_data(TargetId id, ByteView data) override {
    kept[id] += as_text(data);
    return data.size();
  }
  void turn() override {
    for (auto& [id, text] : kept) {
      if (!text.empty()) text.erase(0, egress->target_data(id, as_bytes(text)));
    }
  }
};

struct LosesWhatIsNotTaken final : NoFault {
  using NoFault::NoFault;
  std::size_t target_data(TargetId id, ByteView data) override {
    egress->target_data(id, data);
    return data.size();
  }
};

struct SaysConsumedAtOnce final : NoFault {
  using NoFault::NoFault;
  void write(TargetId id, ByteView data) override {
    inner.write(id, data);
    egress->target_consumed(id, data.size());
  }
  void target_consumed(TargetId, std::size_t) override {}
};

struct NeverTellsTheEnd final : NoFault {
  using NoFault::NoFault;
  void target_ended(TargetId) override {}
};

struct NeverTellsTheLoss final : NoFault {
  using NoFault::NoFault;
  void target_lost(TargetId, TargetFailure) override {}
};

struct TellsTheLossTwice final : NoFault {
  using NoFault::NoFault;
  void target_lost(TargetId id, TargetFailure how) override {
    egress->target_lost(id, how);
    egress->target_lost(id, how);
  }
};

struct TakesAnEndForALoss final : NoFault {
  using NoFault::NoFault;
  void target_ended(TargetId id) override { egress->target_lost(id, TargetFailure::reset); }
};

struct NeverFinishes final : NoFault {
  using NoFault::NoFault;
  void finish(TargetId) override {}
};

struct DropsTheLastBytes final : NoFault {
  using NoFault::NoFault;
  void release(TargetId id) override {
    const auto it = inner.all.find(id);
    if (it != inner.all.end()) it->second->received.resize(it->second->taken);
    inner.close(id);
  }
};

struct WritesToTheLastOneOpened final : NoFault {
  using NoFault::NoFault;
  TargetId last = 0;
  void open(TargetId id, const ResourceRequest& request) override {
    inner.open(id, request);
    last = id;
  }
  void write(TargetId, ByteView data) override { inner.write(last, data); }
};

struct RefusesAProtocolOfItsKind final : NoFault {
  using NoFault::NoFault;
  void open(TargetId id, const ResourceRequest& request) override {
    ResourceRequest changed = request;
    if (request.protocol == policy::Protocol::ssh) changed.settings.host = "refusing";
    inner.open(id, changed);
  }
};

// A kind that has no line in the table: all of its protocols are another's.
constexpr auto kOtherKind = static_cast<policy::AdapterKind>(policy::kAdapterKindCount);

struct FailsWhatIsNotItsOwn final : NoFault {
  using NoFault::NoFault;
  void open(TargetId id, const ResourceRequest& request) override {
    ResourceRequest changed = request;
    if (policy::kind_of(request.protocol).adapter != kOtherKind) changed.settings.host = "refusing";
    inner.open(id, changed);
  }
};

template <class Faulty, policy::AdapterKind kind = policy::AdapterKind::tcp>
class FaultyWorld : public MemoryWorld {
 public:
  static constexpr auto kKind = kind;

  Adapter& adapter() { return faulty_; }
  void run_until(const std::function<bool()>& done) {
    MemoryWorld::run_until([&] {
      faulty_.turn();
      return done();
    });
  }
  void let_pass() {
    MemoryWorld::let_pass();
    faulty_.turn();
  }

 private:
  Faulty faulty_{memory()};
};

// The names of the checks that the world's adapter does not pass.
template <class World>
std::vector<std::string> findings() {
  std::vector<std::string> names;
  for (const auto& check : AdapterSuite<World>::checks()) {
    testing::TestPartResultArray failures;
    const testing::ScopedFakeTestPartResultReporter instead_of_failing(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    check.run();
    if (failures.size() > 0) names.push_back(check.name);
  }
  return names;
}

template <class Faulty>
std::vector<std::string> findings_in() {
  return findings<FaultyWorld<Faulty>>();
}

TEST(AdapterSuite, FindsNothingInAnAdapterWithoutAFault) {
  EXPECT_THAT(findings_in<NoFault>(), IsEmpty());
}

TEST(AdapterSuite, FindsWhoOpensTooSoon) {
  EXPECT_THAT(findings_in<TellsFromWithin>(), Contains("OpeningIsNeverAnsweredFromWithin"));
  const auto found = findings_in<ReportsOpenBeforeItIs>();
  EXPECT_THAT(found, Contains("ATargetThatRefusesIsToldAsRefused"));
  EXPECT_THAT(found, Contains("ATargetThatNeverAnswersIsToldAsTimedOut"));
}

TEST(AdapterSuite, FindsWhoBlamesTheWrongThing) {
  const auto found = findings_in<BlamesTheWayForEverything>();
  EXPECT_THAT(found, Contains("ATargetThatRefusesIsToldAsRefused"));
  EXPECT_THAT(found, Contains("ATargetThatNeverAnswersIsToldAsTimedOut"));
}

TEST(AdapterSuite, FindsWhoTellsOfATargetThatWasClosed) {
  const auto found = findings_in<DeliversBytesAfterClose>();
  EXPECT_THAT(found, Contains("OfATargetThatWasClosedNothingIsTold"));
  EXPECT_THAT(found, Contains("ATargetMayBeClosedBeforeItIsOpen"));
  EXPECT_THAT(found, Contains("ANumberMayBeUsedAgainAtOnce"));
}

TEST(AdapterSuite, FindsWhoKeepsNoBackPressure) {
  for (const auto& found :
       {findings_in<OffersAgainUnasked>(), findings_in<LosesWhatIsNotTaken>()}) {
    EXPECT_THAT(found, Contains("WhatIsNotTakenWaitsUntilItIsAskedFor"));
    EXPECT_THAT(found, Contains("TheEndOfATargetThatIsPausedComesAfterItsBytes"));
  }
  EXPECT_THAT(findings_in<SaysConsumedAtOnce>(),
              Contains("WhatTheTargetTakesIsConsumedAndNothingElse"));
}

TEST(AdapterSuite, FindsWhoIsWrongAboutTheEnd) {
  EXPECT_THAT(findings_in<NeverTellsTheEnd>(),
              Contains("ATargetThatSaysNoMoreStillTakesWhatIsWritten"));
  EXPECT_THAT(findings_in<TakesAnEndForALoss>(),
              Contains("ATargetThatSaysNoMoreStillTakesWhatIsWritten"));
  EXPECT_THAT(findings_in<NeverTellsTheLoss>(), Contains("ATargetThatBreaksIsLostOnce"));
  EXPECT_THAT(findings_in<TellsTheLossTwice>(), Contains("ATargetThatBreaksIsLostOnce"));
  EXPECT_THAT(findings_in<NeverFinishes>(), Contains("ATargetThatHearsNoMoreMayStillSpeak"));
}

TEST(AdapterSuite, FindsWhoLosesOrMixesWhatIsWritten) {
  EXPECT_THAT(findings_in<DropsTheLastBytes>(),
              Contains("ATargetThatWasReleasedGetsItsLastBytesInSilence"));
  EXPECT_THAT(findings_in<WritesToTheLastOneOpened>(), Contains("ManyTargetsDoNotMeet"));
}

TEST(AdapterSuite, FindsWhoServesOtherProtocolsThanItsKinds) {
  const std::string check = "EveryProtocolOfItsKindIsOpenedAndNoOther";
  EXPECT_THAT(findings_in<RefusesAProtocolOfItsKind>(), Contains(check));
  const auto opens_all = findings<FaultyWorld<NoFault, kOtherKind>>();
  EXPECT_THAT(opens_all, Contains(check));
  const auto fails_them = findings<FaultyWorld<FailsWhatIsNotItsOwn, kOtherKind>>();
  EXPECT_THAT(fails_them, testing::Not(Contains(check)));
}

}  // namespace
}  // namespace rap::adapters
