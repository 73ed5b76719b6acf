// Clients of a responder that ask for topics' last messages, line by line.
// Owner: the simulation. Thread: main.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "test/native/sim/oracle.h"
#include "test/native/sim/world.h"

namespace sim {

class Askers {
 public:
  explicit Askers(World& world) : world_(world) {}

  void act();
  /// True when anything moved.
  bool step();
  /// Everybody sends and reads at once from here on.
  void calm() { calm_ = true; }

  /// Empty when every answer was what its topic had retained at some moment between the question and the answer.
  std::string check(const std::map<unsigned, Order>& orders, bool settled) const;
  std::size_t present() const;
  /// All that were given, also those that were lost on their way.
  std::uint64_t answers();
  std::uint64_t questions() const { return questions_; }
  bool owns(const std::string& peer) const;

 private:
  struct Question {
    unsigned topic = 0;
    std::uint64_t published = 0;  // when it was asked
    std::uint64_t published_then = 0;
    std::string answer;
  };
  struct Asker {
    int socket = -1;
    std::string address;
    std::string unsent;
    std::string unread;
    std::deque<Question> asked;
    std::vector<Question> answered;
    bool over = false;
  };
  void ask(Asker& asker);
  bool step(Asker& asker);
  void take_answers(Asker& asker, std::size_t bytes);
  std::string check(const Question& question, const Order& order) const;

  World& world_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(64 * 1024);
  std::uint64_t answers_ = 0;
  std::uint64_t questions_ = 0;
  bool calm_ = false;
  mutable std::string trouble_;
};

}  // namespace sim
