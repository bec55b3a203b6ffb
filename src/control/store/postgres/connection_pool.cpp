#include "control/store/postgres/connection_pool.hpp"

namespace rap::store {

std::expected<ConnectionPool::Loan, SqlError> ConnectionPool::take() {
  std::uint64_t generation = 0;
  {
    std::unique_lock lock(mutex_);
    const auto has_room = [this] { return lent_ < options_.max_connections; };
    if (!freed_.wait_for(lock, options_.wait, has_room)) {
      return std::unexpected(
          SqlError{SqlError::Kind::unavailable, "", "every database connection is in use"});
    }
    ++lent_;
    generation = generation_;
    if (!idle_.empty()) {
      Loan loan(*this, std::move(idle_.back()), generation);
      idle_.pop_back();
      return loan;
    }
  }
  auto opened = Connection::open(options_.conninfo, options_.user);
  if (opened) return Loan(*this, std::move(*opened), generation);
  {
    std::lock_guard lock(mutex_);
    --lent_;
  }
  freed_.notify_one();
  return std::unexpected(std::move(opened.error()));
}

void ConnectionPool::renew() {
  std::vector<Connection> dropped;
  std::lock_guard lock(mutex_);
  ++generation_;
  dropped.swap(idle_);
}

void ConnectionPool::give_back(Connection connection, std::uint64_t generation) {
  {
    std::lock_guard lock(mutex_);
    --lent_;
    if (generation == generation_ && !connection.broken() && !connection.in_transaction()) {
      idle_.push_back(std::move(connection));
    }
  }
  freed_.notify_one();
}

ConnectionPool::Loan::~Loan() {
  if (pool_) pool_->give_back(std::move(connection_), generation_);
}

}  // namespace rap::store
