#include "node/agent/link/ocsp_sync.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/testing/pki.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

using crypto::OcspStatus;
using crypto::TestPki;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = OcspStatus::Kind;

constexpr seconds kValidity{1800};

class OcspSyncTest : public testing::Test {
 protected:
  OcspSyncTest() { sync_.use(OcspSlot::node, chain_, now()); }

  Now now() const { return {mono_, wall_}; }
  void pass(Duration time) {
    mono_ += time;
    wall_ += std::chrono::duration_cast<seconds>(time);
  }
  // The request that is due now, if any.
  std::optional<FetchOcsp> due() {
    for (OcspAction& action : sync_.poll(now())) {
      if (auto* fetch = std::get_if<FetchOcsp>(&action)) return std::move(*fetch);
    }
    return std::nullopt;
  }
  // Lets time pass until the next request.
  Duration wait() {
    const Duration time = std::max(Duration::zero(), sync_.next_wakeup() - mono_);
    pass(time);
    return time;
  }
  std::string response(Kind kind, WallTime from, seconds validity = kValidity) const {
    const auto id =
        crypto::parse_ocsp_request(crypto::make_ocsp_request(leaf_, pki_.intermediate.certificate))
            ->certificates.front();
    return std::string(as_text(crypto::sign_ocsp_response(
        pki_.intermediate, {{id, {kind, from}, from, from + validity}}, {}, from)));
  }
  bool answer(std::string body, int status = 200) {
    wire::HttpResponse http;
    http.status = status;
    http.body = std::move(body);
    return stored(sync_.on_answer(now(), OcspSlot::node, http));
  }
  bool fail() {
    return stored(sync_.on_answer(now(), OcspSlot::node, std::unexpected("It is away.")));
  }
  bool stored(const OcspActions& actions) {
    bool changed = false;
    for (const OcspAction& action : actions) {
      changed = changed || std::holds_alternative<StapleChanged>(action);
      if (const auto* say = std::get_if<Say>(&action)) said_.push_back(say->event);
      if (const auto* fetch = std::get_if<FetchOcsp>(&action)) detour_ = *fetch;
    }
    if (detour_ && link_away_) {
      detour_.reset();
      return stored(sync_.on_answer(now(), OcspSlot::node, std::unexpected("It is away too.")));
    }
    return changed;
  }
  // What the control plane answers to the call that was made of it in the responder's place.
  bool answer_by_link(const std::string& response, int status = 200) {
    detour_.reset();
    return answer(R"({"ocsp":")" + to_base64(as_bytes(response)) + "\"}", status);
  }
  std::string kept() { return state_.files[std::string(kStapleFile)]; }

  mutable TestPki pki_{1};
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::Certificate leaf_ = crypto::issue_leaf(
      pki_.intermediate, key_.public_key(), pki_.member().leaf.names(), TestPki::validity, pki_.rng,
      {.must_staple = true, .ocsp_url = "http://ocsp.example:9092/ocsp/"});
  std::vector<crypto::Certificate> chain_ = {leaf_, pki_.intermediate.certificate};
  MonoTime mono_{seconds{100}};
  WallTime wall_ = TestPki::now;
  TestNodeFiles state_;
  SeededRandom rng_{5};
  NodeId node_ = NodeId::random(rng_);
  OcspSync sync_{node_, state_, rng_};
  std::vector<std::string> said_;
  bool link_away_ = true;  // the control plane's listener for nodes
  std::optional<FetchOcsp> detour_;  // what was asked of it
};

TEST_F(OcspSyncTest, AsksAtTheStartWhereTheCertificateSays) {
  const auto fetch = due();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->server, (wire::HostPort{"ocsp.example", 9092}));
  EXPECT_EQ(fetch->request.path, "/ocsp/");
  const auto asked = crypto::parse_ocsp_request(as_bytes(fetch->request.body));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->certificates.front().serial, leaf_.serial_hex());
  EXPECT_FALSE(due()) << "once is enough";
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
  EXPECT_FALSE(kept().empty());
}

TEST_F(OcspSyncTest, AsksAgainAtHalfOfWhatAResponseIsGoodForAndEveryQuarterOfAnHour) {
  for (const auto& [validity, expected] : {std::pair{seconds{600}, seconds{300}},
                                           {seconds{1800}, seconds{900}},
                                           {seconds{86'400}, seconds{900}},
                                           {seconds{1}, seconds{1}}}) {
    wait();
    ASSERT_TRUE(due());
    ASSERT_TRUE(answer(response(Kind::good, wall_, validity)));
    const Duration next = sync_.next_wakeup() - mono_;
    EXPECT_LE(next, expected);
    EXPECT_GE(next, std::max<Duration>(expected * 9 / 10, kOcspMinInterval));
  }
}

TEST_F(OcspSyncTest, KeepsTheLastResponseAndBacksOffWhileItFails) {
  ASSERT_TRUE(due());
  ASSERT_TRUE(answer(response(Kind::good, wall_)));
  const std::string good = kept();
  wait();
  Duration longest{};
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(due());
    EXPECT_FALSE(i % 3 == 0 ? fail() : i % 3 == 1 ? answer("", 503) : answer("no response"));
    EXPECT_EQ(kept(), good);
    longest = std::max(longest, wait());
  }
  EXPECT_LE(longest, kOcspRetryCap);
  EXPECT_GT(longest, kOcspRetryCap / 2);
  EXPECT_EQ(std::ranges::count(said_, "ocsp.failed"), 1) << "said once";
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
  EXPECT_EQ(said_.back(), "ocsp.fetched");
}

TEST_F(OcspSyncTest, ARevokedResponseIsKeptAndShownAsWell) {
  ASSERT_TRUE(due());
  ASSERT_TRUE(answer(response(Kind::good, wall_)));
  wait();
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::revoked, wall_)));
  const auto reading = crypto::read_ocsp_response(as_bytes(kept()), leaf_, chain_[1], wall_);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->status.kind, Kind::revoked);
  EXPECT_EQ(said_, std::vector<std::string>{"ocsp.revoked"});
  wait();
  EXPECT_TRUE(due()) << "it goes on asking";
}

TEST_F(OcspSyncTest, TakesNothingOldForeignOrUnknown) {
  ASSERT_TRUE(due());
  ASSERT_TRUE(answer(response(Kind::good, wall_)));
  const std::string good = kept();
  const std::string replayed = response(Kind::good, wall_ - minutes{5});
  for (const std::string& bad :
       {replayed, response(Kind::unknown, wall_), response(Kind::good, wall_ - kValidity),
        response(Kind::good, wall_ + minutes{60})}) {
    wait();
    ASSERT_TRUE(due());
    EXPECT_FALSE(answer(bad));
    EXPECT_EQ(kept(), good);
  }
}

TEST_F(OcspSyncTest, AFullDiskIsAFailureLikeAnyOther) {
  ASSERT_TRUE(due());
  state_.full = true;
  EXPECT_FALSE(answer(response(Kind::good, wall_)));
  EXPECT_LE(sync_.next_wakeup() - mono_, kOcspRetryFirst);
  state_.full = false;
  wait();
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
}

TEST_F(OcspSyncTest, WhatCameWithTheCertificateIsNotAskedForAgainAtOnce) {
  state_.files[std::string(kStapleFile)] = response(Kind::good, wall_ - seconds{1});
  OcspSync again(node_, state_, rng_);
  again.use(OcspSlot::node, chain_, now());
  EXPECT_GT(again.next_wakeup(), mono_ + minutes{13});
  pass(minutes{2});
  OcspSync later(node_, state_, rng_);
  later.use(OcspSlot::node, chain_, now());
  EXPECT_EQ(later.next_wakeup(), mono_) << "after a restart it is";
}

TEST_F(OcspSyncTest, ACertificateWithoutAResponderIsNotAskedAbout) {
  const auto plain = pki_.member();
  sync_.use(OcspSlot::node, plain.chain, now());
  EXPECT_EQ(sync_.next_wakeup(), MonoTime::max());
  EXPECT_FALSE(due());
}

TEST_F(OcspSyncTest, AnAnswerAboutTheCertificateBeforeIsNone) {
  ASSERT_TRUE(due());
  const std::string about_old = response(Kind::good, wall_);
  leaf_ = crypto::issue_leaf(pki_.intermediate, key_.public_key(), leaf_.names(), TestPki::validity,
                             pki_.rng, {.must_staple = true, .ocsp_url = leaf_.ocsp_url()});
  chain_[0] = leaf_;
  sync_.use(OcspSlot::node, chain_, now());
  EXPECT_FALSE(answer(about_old));
  wait();
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
}

// --- the second way

class SecondWay : public OcspSyncTest {
 protected:
  SecondWay() { link_away_ = false; }
};

TEST_F(SecondWay, IsTakenAtOnceWhereTheResponderGivesNothing) {
  for (const auto& nothing : {0, 1, 2}) {
    ASSERT_TRUE(due());
    EXPECT_FALSE(nothing == 0 ? fail() : nothing == 1 ? answer("", 503) : answer("noise"));
    ASSERT_TRUE(detour_);
    EXPECT_EQ(detour_->way, OcspWay::control_link);
    EXPECT_EQ(detour_->request.path, "/cp/v2/nodes/" + node_.str() + "/certificates/status");
    EXPECT_EQ(sync_.next_wakeup(), MonoTime::max()) << "one call at a time";
    const std::string told = response(Kind::good, wall_);
    EXPECT_TRUE(answer_by_link(told));
    EXPECT_TRUE(kept() == told);
    EXPECT_GT(wait(), minutes{13}) << "as often as by the first";
  }
  EXPECT_EQ(said_, std::vector<std::string>{"ocsp.detour"}) << "said once";
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
  EXPECT_EQ(said_.back(), "ocsp.fetched");
}

TEST_F(SecondWay, AsksAboutTheSameCertificate) {
  const auto first = due();
  ASSERT_TRUE(first);
  fail();
  ASSERT_TRUE(detour_);
  EXPECT_EQ(detour_->request.body,
            R"({"ocsp_request":")" + to_base64(as_bytes(first->request.body)) + "\"}");
}

TEST_F(SecondWay, IsNotTakenWhereTheFirstLeadsThere) {
  ASSERT_TRUE(due());
  EXPECT_TRUE(answer(response(Kind::good, wall_)));
  EXPECT_FALSE(detour_);
}

TEST_F(SecondWay, GivesNothingThatTheFirstWouldNotBeBelieved) {
  ASSERT_TRUE(due());
  ASSERT_TRUE(answer(response(Kind::good, wall_)));
  const std::string good = kept();
  for (const std::string& bad : {response(Kind::good, wall_ - minutes{5}),
                                 response(Kind::unknown, wall_), std::string("noise")}) {
    wait();
    ASSERT_TRUE(due());
    EXPECT_FALSE(fail());
    EXPECT_FALSE(answer_by_link(bad));
    EXPECT_EQ(kept(), good);
  }
}

TEST_F(SecondWay, TellsOfARevocationAsWell) {
  ASSERT_TRUE(due());
  fail();
  EXPECT_TRUE(answer_by_link(response(Kind::revoked, wall_)));
  EXPECT_EQ(said_, (std::vector<std::string>{"ocsp.revoked", "ocsp.detour"}));
}

TEST_F(SecondWay, IsAskedOnceForEachTimeTheFirstIsAndBothWaitTheirTurn) {
  Duration longest{};
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(due());
    fail();
    ASSERT_TRUE(detour_);
    EXPECT_FALSE(i % 2 == 0 ? fail() : answer_by_link("", 503));
    EXPECT_FALSE(due()) << "neither, until it is time";
    longest = std::max(longest, wait());
  }
  EXPECT_LE(longest, kOcspRetryCap);
  EXPECT_GT(longest, kOcspRetryCap / 2);
  EXPECT_EQ(said_, std::vector<std::string>{"ocsp.failed"});
}

}  // namespace
}  // namespace rap::agent
